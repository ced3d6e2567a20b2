package pricing_test

import (
	"math"
	"testing"

	"demarc/store/money"
	"demarc/store/pricing"
)

func TestPercentIsExact(t *testing.T) {
	usd := func(n int64) money.Amount { return money.Amount{Minor: n, Currency: "USD"} }
	for _, tt := range []struct {
		from, to money.Amount
		want     string
	}{
		{usd(100), usd(110), "+10.0%"}, {usd(100), usd(90), "-10.0%"}, {usd(85_00), usd(90_00), "+5.9%"}, {usd(3), usd(4), "+33.3%"}, {usd(3), usd(5), "+66.7%"},
		{usd(2000), usd(2001), "+0.1%"}, {usd(2001), usd(2002), "+0.0%"}, {usd(1000), usd(999), "-0.1%"}, {usd(1), usd(0), "-100.0%"}, {usd(1), usd(3), "+200.0%"},
		{usd(math.MaxInt64), usd(math.MaxInt64 / 2), "-50.0%"}, {usd(1), usd(math.MaxInt64), "+922337203685477580600.0%"},
		{usd(0), usd(5), ""}, {usd(5), usd(5), ""}, {usd(0), usd(0), ""}, {usd(5), money.Amount{Minor: 6, Currency: "EUR"}, ""}, {usd(-5), usd(5), ""},
	} {
		if got := pricing.Percent(tt.from, tt.to); got != tt.want {
			t.Errorf("%s to %s: %q, want %q", tt.from, tt.to, got, tt.want)
		}
	}
}

func TestCompareListsEveryPriceOnce(t *testing.T) {
	next := pricing.Default()
	next.Monthly[pricing.Outside]["10G"] += 160_00
	next.Installation[pricing.Mainland]["1G"] = 0
	delete(next.Monthly[pricing.Mainland], "100G")
	seen, changed := map[[3]string]bool{}, map[string]string{}
	for _, c := range pricing.Compare(pricing.Default(), next) {
		k := [3]string{string(c.Fee), string(c.Group), c.Spec}
		if seen[k] {
			t.Errorf("%v twice", k)
		}
		seen[k] = true
		if c.Changed {
			changed[k[0]+" "+k[1]+" "+k[2]] = c.Percent
		} else if c.Percent != "" || c.Old != c.New {
			t.Errorf("%v did not change: %+v", k, c)
		}
	}
	if len(seen) != 2*2*4 {
		t.Errorf("%d prices", len(seen))
	}
	want := map[string]string{"monthly outside 10G": "+10.0%", "installation mainland 1G": "-100.0%", "monthly mainland 100G": "-100.0%"}
	for k, p := range want {
		if changed[k] != p {
			t.Errorf("%s: %q, want %q", k, changed[k], p)
		}
	}
	if len(changed) != len(want) {
		t.Errorf("changed: %v", changed)
	}
}
