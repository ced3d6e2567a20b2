package catalog

import "math/bits"

// regions is the shipped list of regions in the order of the forms: the
// mainland's busiest first, then as the provider lists them.
var regions = [...]Region{
	{ID: "cn-hangzhou", Name: "China (Hangzhou)", Zone: "Asia/Shanghai", Mainland: true, Calendar: "china"},
	{ID: "cn-shanghai", Name: "China (Shanghai)", Zone: "Asia/Shanghai", Mainland: true, Calendar: "china"},
	{ID: "cn-beijing", Name: "China (Beijing)", Zone: "Asia/Shanghai", Mainland: true, Calendar: "china"},
	{ID: "cn-shenzhen", Name: "China (Shenzhen)", Zone: "Asia/Shanghai", Mainland: true, Calendar: "china"},
	{ID: "cn-qingdao", Name: "China (Qingdao)", Zone: "Asia/Shanghai", Mainland: true, Calendar: "china"},
	{ID: "cn-zhangjiakou", Name: "China (Zhangjiakou)", Zone: "Asia/Shanghai", Mainland: true, Calendar: "china"},
	{ID: "cn-huhehaote", Name: "China (Hohhot)", Zone: "Asia/Shanghai", Mainland: true, Calendar: "china"},
	{ID: "cn-hongkong", Name: "China (Hong Kong)", Zone: "Asia/Hong_Kong", Calendar: "hong-kong"},
	{ID: "ap-southeast-1", Name: "Singapore", Zone: "Asia/Singapore", Calendar: "singapore"},
	{ID: "ap-southeast-2", Name: "Australia (Sydney)", Zone: "Australia/Sydney", Calendar: "australia-nsw"},
	{ID: "ap-southeast-3", Name: "Malaysia (Kuala Lumpur)", Zone: "Asia/Kuala_Lumpur", Calendar: "malaysia-kuala-lumpur"},
	{ID: "ap-southeast-5", Name: "Indonesia (Jakarta)", Zone: "Asia/Jakarta", Calendar: "indonesia"},
	{ID: "ap-northeast-1", Name: "Japan (Tokyo)", Zone: "Asia/Tokyo", Calendar: "japan"},
	{ID: "us-west-1", Name: "US (Silicon Valley)", Zone: "America/Los_Angeles", Calendar: "united-states"},
	{ID: "us-east-1", Name: "US (Virginia)", Zone: "America/New_York", Calendar: "united-states"},
	{ID: "eu-central-1", Name: "Germany (Frankfurt)", Zone: "Europe/Berlin", Calendar: "germany-hesse"},
	{ID: "eu-west-1", Name: "UK (London)", Zone: "Europe/London", Calendar: "united-kingdom-england"},
	{ID: "me-east-1", Name: "UAE (Dubai)", Zone: "Asia/Dubai", Calendar: "united-arab-emirates"},
	{ID: "ap-south-1", Name: "India (Mumbai)", Zone: "Asia/Kolkata", Calendar: "india-maharashtra"},
}

// portSet is a set of port types, small enough for a column of the table.
type portSet uint8

// One bit per row of portTypes, in the same order.
const (
	fe   portSet = 1 << iota // 100Base-T
	gt                       // 1000Base-T
	gx                       // 1000Base-LX
	xt                       // 10GBase-T
	xr                       // 10GBase-LR
	q40                      // 40GBase-LR
	c100                     // 100GBase-LR

	ge = gt | gx // both media of 1G
	xg = xt | xr // both media of 10G
)

func (s portSet) types() []PortType {
	out := make([]PortType, 0, bits.OnesCount8(uint8(s)))
	for i := range portTypes {
		if s&(1<<i) != 0 {
			out = append(out, portTypes[i].Type)
		}
	}
	return out
}

// The next four say which lines a site accepts. A site run by one of the
// three carriers takes that carrier's lines only; any other site is neutral.

// only is a carrier's own site.
func only(sp SP, s portSet) map[SP][]PortType {
	return map[SP][]PortType{sp: s.types()}
}

// mainland is a neutral site in the Chinese mainland. Mobile and the small
// operators reach fewer port types than the two carriers at most of them.
func mainland(ctcu, cm, co portSet) map[SP][]PortType {
	return map[SP][]PortType{ChinaTelecom: ctcu.types(), ChinaUnicom: ctcu.types(), ChinaMobile: cm.types(), OtherMainland: co.types()}
}

// hongKong is neutral, and takes Chinese operators' lines too.
func hongKong(equinix, other, co portSet) map[SP][]PortType {
	return map[SP][]PortType{EquinixSP: equinix.types(), OtherSP: other.types(), OtherMainland: co.types()}
}

// abroad is a neutral site outside China.
func abroad(equinix, other portSet) map[SP][]PortType {
	return map[SP][]PortType{EquinixSP: equinix.types(), OtherSP: other.types()}
}

// What the site needs of a visitor beyond name and contact.
var (
	nameOnly  = VisitorPolicy{}
	withID    = VisitorPolicy{IDType: true, IDNumber: true}
	withIDSex = VisitorPolicy{Gender: true, IDType: true, IDNumber: true}
)

const own = RunByProvider

// accessPoints is the shipped catalogue, one line an access point, in region
// order. Names, regions and who runs each site are the provider's list of
// 2019; the port types, statuses, visitor policies and validities are a
// starting point that staff change. "ap-sg-singpore-A" is spelt as the real
// one is.
var accessPoints = [...]AccessPoint{
	site("ap-cn-hangzhou-yh-A", "cn-hangzhou", "Hangzhou-Yuhang-A", own, StatusRecommended, mainland(ge|xg|q40|c100, ge|xr|q40, ge|xr), nameOnly, 90),
	site("ap-cn-hangzhou-la-A", "cn-hangzhou", "Hangzhou-Linan-A", "Watone", StatusOpen, mainland(ge|xr, gx|xr, gx), nameOnly, 90),
	site("ap-cn-hangzhou-xs-A", "cn-hangzhou", "Hangzhou-Xiaoshan-A", "China Unicom", StatusOpen, only(ChinaUnicom, gx|xr), nameOnly, 90),
	site("ap-cn-hangzhou-xs-B", "cn-hangzhou", "Hangzhou-Xiaoshan-B", "China Telecom", StatusOpen, only(ChinaTelecom, ge|xr|q40), nameOnly, 90),
	site("ap-cn-hangzhou-xs-D", "cn-hangzhou", "Hangzhou-Xiaoshan-D", "China Mobile", StatusOpen, only(ChinaMobile, gx|xr), nameOnly, 90),
	site("ap-cn-hangzhou-jg-B", "cn-hangzhou", "Hangzhou-Jianggan-B", "21Vianet", StatusOpen, mainland(ge|xg|q40, ge|xr, gx|xr), nameOnly, 90),
	site("ap-cn-hangzhou-dq-A", "cn-hangzhou", "Hangzhou-Deqing-A", "China Unicom", StatusOpen, only(ChinaUnicom, ge|xr), nameOnly, 90),

	site("ap-cn-shanghai-bs-A", "cn-shanghai", "Shanghai-Baoshan-A", "China Telecom", StatusOpen, only(ChinaTelecom, gx|xr|q40), nameOnly, 90),
	site("ap-cn-shanghai-bs-B", "cn-shanghai", "Shanghai-Baoshan-B", "China Unicom", StatusOpen, only(ChinaUnicom, ge|xr), nameOnly, 90),
	site("ap-cn-shanghai-bs-C", "cn-shanghai", "Shanghai-Baoshan-C", "21Vianet", StatusRecommended, mainland(ge|xg|q40|c100, ge|xr|q40|c100, ge|xr), nameOnly, 90),
	site("ap-cn-shanghai-pd-A", "cn-shanghai", "Shanghai-Pudong-A", "China Mobile", StatusOpen, only(ChinaMobile, gx|xr|q40), nameOnly, 90),
	site("ap-cn-shanghai-pd-B", "cn-shanghai", "Shanghai-Pudong-B", "China Telecom", StatusOpen, only(ChinaTelecom, ge|xr), nameOnly, 90),
	site("ap-cn-shanghai-pd-D", "cn-shanghai", "Shanghai-Pudong-D", "China Unicom", StatusOpen, only(ChinaUnicom, gx|xr), nameOnly, 90),
	site("ap-cn-shanghai-jd-A", "cn-shanghai", "Shanghai-Jiading-A", "China Telecom", StatusOpen, only(ChinaTelecom, gx|xr), nameOnly, 90),

	site("ap-cn-beijing-dx-A", "cn-beijing", "Beijing-Daxing-A", "GDS", StatusRecommended, mainland(ge|xg|q40|c100, ge|xr|q40, gx|xr), nameOnly, 90),
	site("ap-cn-beijing-dx-B", "cn-beijing", "Beijing-Daxing-B", "China Unicom", StatusOpen, only(ChinaUnicom, gx|xr|q40), nameOnly, 90),
	site("ap-cn-beijing-cp-A", "cn-beijing", "Beijing-Changping-A", "China Telecom", StatusOpen, only(ChinaTelecom, ge|xr), nameOnly, 90),
	site("ap-cn-beijing-yz-A", "cn-beijing", "Beijing-Yizhuang-A", "21Vianet", StatusOpen, mainland(ge|xg|q40, ge|xr, ge|xr), nameOnly, 90),
	site("ap-cn-beijing-yz-B", "cn-beijing", "Beijing-Yizhuang-B", "China Unicom", StatusOpen, only(ChinaUnicom, gx|xr), nameOnly, 90),
	site("ap-cn-beijing-yz-C", "cn-beijing", "Beijing-Yizhuang-C", "China Mobile", StatusOpen, only(ChinaMobile, gx|xr), nameOnly, 90),
	site("ap-cn-beijing-ft-A", "cn-beijing", "Beijing-Fengtai-A", "CNIX", StatusFull, mainland(ge|xr, ge|xr, fe|ge), nameOnly, 90),
	site("ap-cn-beijing-sy-A", "cn-beijing", "Beijing-Shunyi-A", "China Telecom", StatusOpen, only(ChinaTelecom, gx|xr), nameOnly, 90),

	site("ap-cn-shenzhen-ft-A", "cn-shenzhen", "Shenzhen-Futian-A", "GDS", StatusHot, mainland(ge|xg|q40, ge|xr, gx|xr), nameOnly, 90),
	site("ap-cn-shenzhen-lh-A", "cn-shenzhen", "Shenzhen-Longhua-A", "China Telecom", StatusOpen, only(ChinaTelecom, ge|xr), nameOnly, 90),
	site("ap-cn-shenzhen-yt-A", "cn-shenzhen", "Shenzhen-Yantian-A", "China Unicom", StatusOpen, only(ChinaUnicom, gx|xr), nameOnly, 90),
	site("ap-cn-shenzhen-ns-A", "cn-shenzhen", "Shenzhen-Nanshan-A", "21Vianet", StatusOpen, mainland(ge|xg|q40, ge|xg, ge|xr), nameOnly, 90),
	site("ap-cn-shenzhen-lg-A", "cn-shenzhen", "Shenzhen-Longgang-A", "China Mobile", StatusOpen, only(ChinaMobile, gx|xr), nameOnly, 90),

	site("ap-cn-qingdao-ls-A", "cn-qingdao", "Qingdao-Laoshan-A", "China Unicom", StatusOpen, only(ChinaUnicom, fe|ge|xr), nameOnly, 90),

	site("ap-cn-zhangjiakou-xet-A", "cn-zhangjiakou", "Zhangjiakou-Xiaoertai-A", own, StatusOpen, mainland(ge|xr|q40, ge|xr, gx|xr), nameOnly, 90),
	site("ap-cn-zhangjiakou-mt-A", "cn-zhangjiakou", "Zhangjiakou-Miaotan-A", own, StatusOpen, mainland(gx|xr, gx|xr, gx), nameOnly, 90),

	site("ap-cn-huhehaote-sl-A", "cn-huhehaote", "Hohhot-Shengle-A", "China Telecom", StatusOpen, only(ChinaTelecom, ge|xr), nameOnly, 90),
	site("ap-cn-huhehaote-xc-A", "cn-huhehaote", "Hohhot-Xincheng-A", "China Unicom", StatusOpen, only(ChinaUnicom, fe|ge), nameOnly, 90),

	site("ap-cn-hongkong-kc-A", "cn-hongkong", "HK-KwaiChung-A", "Equinix", StatusOpen, hongKong(gx|xr|q40, ge|xr, gx|xr), withID, 60),
	site("ap-cn-hongkong-cw-B", "cn-hongkong", "HK-ChaiWan-B", "MEGA", StatusOpen, hongKong(gx|xr, ge|xg|q40, ge|xr), withID, 90),
	site("ap-cn-hongkong-fl-C", "cn-hongkong", "HK-Fanling-C", "PCCW", StatusOpen, hongKong(gx|xr, gx|xr, gx), withID, 90),

	site("ap-sg-singpore-A", "ap-southeast-1", "Singapore-A", "Equinix", StatusRecommended, abroad(ge|xg|q40|c100, ge|xr|q40), withID, 90),
	site("ap-sg-singapore-B", "ap-southeast-1", "Singapore-B", "GlobalSwitch", StatusHot, abroad(gx|xr, ge|xr), withID, 90),
	site("ap-sg-singapore-C", "ap-southeast-1", "Singapore-C", "DRT", StatusOpen, abroad(gx|xr, ge|xg|q40), withID, 90),

	site("ap-au-sydney-A", "ap-southeast-2", "Australia-Sydney-A", "GlobalSwitch", StatusOpen, abroad(gx|xr, ge|xr|q40), nameOnly, 90),
	site("ap-au-sydney-B", "ap-southeast-2", "Australia-Sydney-B", "Equinix", StatusOpen, abroad(ge|xr|q40, gx|xr), nameOnly, 90),

	site("ap-my-kualalumpur-A", "ap-southeast-3", "Malaysia-KualaLumpur-A", "NTT", StatusOpen, abroad(gx|xr, ge|xr), nameOnly, 90),
	site("ap-my-kualalumpur-B", "ap-southeast-3", "Malaysia-KualaLumpur-B", "AIMS", StatusOpen, abroad(gx|xr, fe|ge|xr), nameOnly, 90),

	site("ap-id-jakarta-A", "ap-southeast-5", "Indonesia-Jakarta-A", "DCI", StatusOpen, abroad(gx|xr, ge|xr), nameOnly, 90),
	site("ap-id-jakarta-B", "ap-southeast-5", "Indonesia-Jakarta-B", "NTT", StatusOpen, abroad(gx, ge|xr), nameOnly, 90),

	site("ap-jp-tokyo-A", "ap-northeast-1", "Japan-Tokyo-A", "Equinix", StatusOpen, abroad(ge|xr|q40, ge|xr), nameOnly, 90),
	site("ap-jp-tokyo-B", "ap-northeast-1", "Japan-Tokyo-B", "Equinix", StatusOpen, abroad(gx|xg|q40|c100, gx|xr), nameOnly, 90),
	site("ap-jp-tokyo-C", "ap-northeast-1", "Japan-Tokyo-C", "NEC", StatusOpen, abroad(gx|xr, ge|xr), nameOnly, 90),

	site("ap-us-sanjose-A", "us-west-1", "USA-San Jose-A", "Equinix", StatusOpen, abroad(ge|xr|q40|c100, gx|xr|q40), nameOnly, 90),

	site("ap-us-ashburn-A", "us-east-1", "US-Ashburn-A", "Equinix", StatusOpen, abroad(ge|xr|q40|c100, gx|xr|q40), nameOnly, 90),
	site("ap-us-virginia-D", "us-east-1", "US-Virginia-D", "Coresite", StatusOpen, abroad(gx|xr, ge|xr|q40), nameOnly, 90),

	site("ap-de-frankfurt-A", "eu-central-1", "Germany-Frankfurt-A", "E-shelter", StatusOpen, abroad(gx|xr, ge|xr|q40), nameOnly, 90),
	site("ap-de-frankfurt-B", "eu-central-1", "Germany-Frankfurt-B", "Equinix", StatusRecommended, abroad(ge|xg|q40|c100, gx|xr|q40), nameOnly, 90),

	site("ap-uk-london-A", "eu-west-1", "UK-London-A", "DRT", StatusOpen, abroad(gx|xr, ge|xr), nameOnly, 90),
	site("ap-uk-london-B", "eu-west-1", "UK-London-B", "ARK", StatusDisabled, abroad(gx|xr, gx|xr), nameOnly, 90),
	site("ap-uk-london-C", "eu-west-1", "UK-London-C", "Telehouse", StatusOpen, abroad(gx|xr, ge|xr|q40), nameOnly, 90),
	site("ap-uk-london-D", "eu-west-1", "UK-London-D", "Equinix", StatusOpen, abroad(ge|xr|q40, gx|xr), nameOnly, 90),

	site("ap-ae-dubai-A", "me-east-1", "UAE-Dubai-A", "Equinix", StatusOpen, abroad(gx|xr, gx|xr), withID, 90),
	site("ap-ae-dubai-B", "me-east-1", "UAE-Dubai-B", "Khazna", StatusOpen, abroad(gx, ge|xr), withIDSex, 90),

	site("ap-in-mumbai-A", "ap-south-1", "India-Mumbai-A", "CtrlS", StatusOpen, abroad(gx|xr, ge|xr), withID, 90),
	site("ap-in-mumbai-B", "ap-south-1", "India-Mumbai-B", "GPX", StatusOpen, abroad(gx|xr|q40, ge|xr|q40), withID, 60),
	site("ap-in-mumbai-C", "ap-south-1", "India-Mumbai-C", "NM", StatusOpen, abroad(gx, fe|ge), withID, 90),
}

func site(id, region, name, runBy string, status Status, offers map[SP][]PortType, visitor VisitorPolicy, loaDays int) AccessPoint {
	return AccessPoint{ID: id, Region: region, Name: name, RunBy: runBy, Status: status, Offers: offers, Visitor: visitor, LOADays: loaDays}
}

// Shipped returns the regions and access points that a new installation
// starts with, without addresses or devices: those are not public, an
// operator loads their own (or DemoAddress and DemoInventory invent some).
// The values are the caller's to change.
func Shipped() ([]Region, []AccessPoint) {
	rs := make([]Region, len(regions))
	for i, r := range regions {
		r.Order = i + 1
		rs[i] = r
	}
	aps := make([]AccessPoint, len(accessPoints))
	for i, a := range accessPoints {
		offers := make(map[SP][]PortType, len(a.Offers))
		for sp, types := range a.Offers {
			offers[sp] = append([]PortType(nil), types...)
		}
		a.Offers = offers
		aps[i] = a
	}
	return rs, aps
}
