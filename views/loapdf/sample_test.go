package loapdf

import (
	"fmt"
	"strings"
	"time"

	"demarc/store/letter"
)

// ordinary is the letter of the mock-up.
func ordinary() letter.Snapshot {
	return letter.Snapshot{
		Schema: letter.Schema, Number: "LOA-2026-004817", Version: 1,
		IssuedAt:  time.Date(2026, 11, 9, 7, 10, 22, 0, time.UTC),
		ExpiresAt: time.Date(2027, 2, 7, 7, 10, 22, 0, time.UTC),
		Zone:      "Asia/Shanghai",
		ValidFrom: time.Date(2026, 11, 9, 7, 10, 22, 0, time.UTC),
		CheckCode: "7KQ4-M2XD-9PZA-3HTV", CheckURL: "https://console.example/loa/check/7KQ4-M2XD-9PZA-3HTV",
		Issuer: letter.Issuer{
			LegalName: "Example Cloud", Address: "1 Example Road, Singapore 018956",
			NOC: "+65 6100 0199, noc@cloud.example", Service: "Express Connect",
		},
		IssuedBy:    "Sun Jia",
		CompanyName: "Northwind Trading", ConstructionCompany: "Zhejiang Hualin Cabling Co., Ltd.",
		ConstructionType: "MSTP", ScheduledAt: time.Date(2026, 11, 18, 1, 30, 0, 0, time.UTC),
		Engineers:   []string{"Zhou Ming", "Chen Yu"},
		InterfaceID: "pc-bp1ca4wca27exn6h2", InterfaceName: "hz-dc1-primary",
		RedundantID: "pc-bp1m8x4n2c7dqz5tw", KeepApartFrom: "device CSW-YH-A-05, cabinet E-11",
		Region: "China (Hangzhou)", AccessPointID: "ap-cn-hangzhou-yh-A", AccessPointName: "Hangzhou-Yuhang-A",
		SP:           "China Telecom",
		FacilityName: "Hangzhou Yuhang Data Center A", Address: "88 Demo Road, Yuhang District, Hangzhou 311100",
		Room: "3F, room 2", Cabinet: "C-07", Panel: "ODF 12", Position: "17-18", Connector: "LC duplex",
		Device: "CSW-YH-A-02", Port: "XGE1/0/17", PortType: "10GBase-LR",
		PortTypeLabel: "10GE single-mode optical port (10GBase-LR)", Medium: "single-mode fiber, 2 strands", Optic: "1310 nm, up to 10 km",
		InstallerNotes: "Report at the north gate with an ID. Bring your own cleaning kit.",
		Location:       "Northwind data center 1, Binjiang, Hangzhou",
		Demo:           true,
	}
}

// chinese has Chinese wherever people type.
func chinese() letter.Snapshot {
	s := ordinary()
	s.Version, s.Supersedes = 2, "LOA-2026-004817 version 1"
	s.Reason = "17/18 是别人的。"
	s.Changes = []letter.Change{{Label: "Position", From: "15/16", To: "17/18"}}
	s.Issuer.LegalName = "示例云计算有限公司"
	s.Issuer.Address = "杭州市余杭区文一西路969号"
	s.IssuedBy = "孙佳"
	s.CompanyName = "北风贸易（杭州）有限公司"
	s.ConstructionCompany = "浙江华临布线有限公司"
	s.Engineers = []string{"周明", "陈喆", "朱镕玥", "阿卜杜拉·买买提", "陳奕堃", "Łukasz Żółć", "Nguyễn Thị Hường"}
	s.FacilityName = "杭州余杭数据中心A座"
	s.Address = "浙江省杭州市余杭区良睦路1399号3号楼"
	s.Room, s.Cabinet, s.Panel, s.Connector = "三层2号机房", "C-07", "光纤配线架12", "LC双工"
	s.Location = "北风一号数据中心，杭州市滨江区"
	s.InstallerNotes = "请携带有效身份证件，在北门登记。\n施工前联系现场值班人员，不得擅自移动其他线缆。"
	s.Note = "Cable tray B only, use the overhead route."
	s.Demo = false
	return s
}

// fill repeats s up to n characters.
func fill(s string, n int) string {
	return string([]rune(strings.Repeat(s, n/len([]rune(s))+1))[:n])
}

// longest has each text at the limit of its form field.
func longest() letter.Snapshot {
	s := ordinary()
	s.CompanyName = fill("北风国际贸易（浙江自由贸易试验区）股份有限公司", 128)
	s.ConstructionCompany = fill("Zhejiang Hualin Intelligent Structured Cabling and Telecommunication Engineering Co., Ltd. ", 127) + "."
	s.ConstructionType = "Others: " + fill("dark fibre over the metropolitan ring of the campus, ", 63) + "."
	s.InterfaceName = "x" + fill("-primary_interface.of.the.first.data.center", 127)
	s.FacilityName = fill("Hangzhou Yuhang International Internet Data Center Campus, Building A, ", 199) + "."
	s.Address = fill("88 Demo Road, Future Science and Technology City, Yuhang District, ", 199) + "."
	s.Room = fill("third floor, room 2 behind the second mantrap, ", 199) + "."
	s.Cabinet = fill("Row-C/Rack-07_", 200)
	s.Panel = fill("光纤配线架十二号", 200)
	s.Position = fill("17-18, ", 199) + "."
	s.Connector = fill("LC duplex, ", 199) + "."
	s.KeepApartFrom = fill("device CSW-YH-A-05, cabinet E-11, ", 199) + "."
	s.Location = fill("Northwind data center 1, Binjiang, Hangzhou, ", 255) + "."
	s.Note = fill("Use the overhead route. ", 199) + "."
	s.InstallerNotes = fill("请携带有效身份证件，在北门登记。", 200)
	return s
}

// crowded has as many engineers as the form takes.
func crowded() letter.Snapshot {
	s := ordinary()
	s.Engineers = nil
	for i := range letter.MaxEngineers {
		s.Engineers = append(s.Engineers, fmt.Sprintf("Engineer Number %c 工程师", 'A'+i))
	}
	return s
}

// remote has no visitors.
func remote() letter.Snapshot {
	s := ordinary()
	s.Engineers, s.RemoteHands = nil, true
	s.RedundantID, s.KeepApartFrom, s.Demo = "", "", false
	s.Zone = "America/Los_Angeles"
	return s
}
