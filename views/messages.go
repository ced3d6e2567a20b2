package views

import "time"

// MessageItem is one message as the list shows it. Href is the page of what
// the message is about; ReadAction is where "Mark as read" posts to.
type MessageItem struct {
	Title, Body, Href, About string
	At                       time.Time
	Read                     bool
	ReadAction               string
}

// MessageList is one page of messages, newest first.
type MessageList struct {
	Items []MessageItem
	// UpTo is the newest message shown: "Mark all as read" goes so far.
	UpTo       string
	Here       string // this page, to come back to
	First      string // link to the newest messages, when this is a later page
	Older      string // link to the next page
	Mailing    bool   // there is a mail server
	Mailed     bool   // the person wants to be mailed, at MailTo
	MailTo     string
	ReadAction string
}
