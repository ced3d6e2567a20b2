package sheet

import "testing"

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "hz-primary": "hz-primary", "a=b": "a=b", "杭州": "杭州", "10G": "10G",
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\tx": "'\tx", "\r=1": "'\r=1", "\n=1": "'\n=1", "＝1": "'＝1", "＠x": "'＠x",
	} {
		if got := Text(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}
