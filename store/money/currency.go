package money

import "strings"

// codes lists the ISO 4217 currencies in use, by the decimals that ISO gives them. Funds, precious metals and test codes are not money that
// an invoice is paid in and are left out.
var codes = map[int]string{
	0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
	2: "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK " +
		"DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT " +
		"LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN " +
		"QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS " +
		"VED VES WST XCD XCG YER ZAR ZMW ZWG",
	3: "BHD IQD JOD KWD LYD OMR TND",
}

var decimals = func() map[string]int {
	m := make(map[string]int, 160)
	for n, list := range codes {
		for code := range strings.FieldsSeq(list) {
			m[code] = n
		}
	}
	return m
}()

// symbols are the signs that stand for one currency alone on our pages. Every other currency shows its code: "$" for a Hong Kong dollar
// would be read as a US dollar.
var symbols = map[string]string{"USD": "$"}

// Decimals returns how many digits stand behind the point of a currency (USD 2, JPY 0, KWD 3), and whether the code is known.
func Decimals(currency string) (n int, ok bool) {
	n, ok = decimals[currency]
	return n, ok
}
