package e2e

import (
	"net/http"

	"demarc/web/paths"
)

func init() {
	moreVisits = append(moreVisits, func(s *site) map[string][]visit {
		return map[string][]visit{
			"paths.AdminPrices": {{who: finance, path: paths.AdminPrices}, {who: auditor, path: paths.AdminPrices + "?version=" + s.prices, state: "scheduled"}},
			"paths.AdminNewPrices": {{who: finance, path: paths.AdminNewPrices}, {who: finance, path: paths.AdminNewPrices, press: "Preview the changes", status: http.StatusUnprocessableEntity, state: "refused"},
				{who: finance, path: paths.With(paths.AdminNewPrices, "typed", "1", "currency", wide+wide+wide, "from", hostile), state: "with what was typed"}},
			`paths.AdminPricesDeletion(":version")`: {{who: finance, path: paths.AdminPricesDeletion(s.prices)}, {who: finance, path: paths.AdminPricesDeletion("2019-01"), state: "too late", status: http.StatusConflict}, {who: finance, path: paths.AdminPricesDeletion("none"), state: "unknown", status: http.StatusNotFound}},
			"paths.AdminLedger":                     {{who: finance, path: paths.AdminLedger}, {who: auditor, path: paths.AdminLedger + "?on=2001-01-01", state: "nothing yet"}, {who: finance, path: paths.AdminLedger + "?on=soon", state: "refused", status: http.StatusUnprocessableEntity}},
			"paths.AdminJournal":                    {{who: finance, path: paths.AdminJournal}},
		}
	})
}
