package views

import (
	"strconv"

	"demarc/views/ui"
)

// Resend is a form that the console failed to take, with all that was sent.
type Resend struct {
	Action string
	Fields []ui.Hidden
}

// ErrorWords gives title and text of the standard error pages. seconds is used by 429 and 503: when to try again.
// A code without a text of its own speaks as 500 does, without claiming that nothing was changed.
func ErrorWords(code, seconds int) (title, text string) {
	again := ""
	if seconds == 1 {
		again = " Try again in 1 second."
	} else if seconds > 1 {
		again = " Try again in " + strconv.Itoa(seconds) + " seconds."
	}
	switch code {
	case 403:
		return "No access", "Your account has no access to the staff pages."
	case 404:
		return "Page not found", "This page does not exist, or it belongs to another account."
	case 405:
		return "Not possible here", "This address does not accept that kind of request. Nothing was changed. Go on from a page of the menu."
	case 409:
		return "Changed in the meantime", "Someone changed this record a moment ago. Open it again to see its present state."
	case 413:
		return "Too much data", "The request is larger than this page accepts. Nothing was changed. Go back and send less text, or a smaller file."
	case 415:
		return "The request was not understood", "The request came in a form that is not read here. Nothing was changed. Send it from its page in the console."
	case 429:
		return "Too many requests", "Too many requests." + again
	case 500:
		return "The request failed", "The request failed on our side. Nothing was changed. Try again. If it fails again, tell us the reference."
	case 503:
		return "Not available", "The console is restarting or very busy. Nothing was changed." + again
	}
	if code >= 400 && code < 500 {
		return "The request was not understood", "The request was not understood. Nothing was changed. Go back, reload the page and try again."
	}
	return "The request failed", "The request failed on our side."
}
