package web

import (
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// group is a set of routes behind the same guards. echo's own groups would
// also put their guards before every unknown address.
type group struct {
	e      *echo.Echo
	guards []echo.MiddlewareFunc
}

func (g group) get(path string, h echo.HandlerFunc) { g.e.GET(path, h, g.guards...) }

func (g group) post(path string, h echo.HandlerFunc) { g.e.POST(path, h, g.guards...) }

// with is the group behind more guards.
func (g group) with(guards ...echo.MiddlewareFunc) group {
	return group{g.e, slices.Concat(g.guards, guards)}
}

// routes binds every address to its handler. It is the only place that does,
// and the only place where a role opens or closes a page; the store checks
// again what a role may do.
func (s *Server) routes(e *echo.Echo) {
	h := s.handlers

	// For everybody ------------------------------------------------------------
	public := group{e: e}
	public.get(paths.Static, s.asset)
	public.get(paths.Robots, s.asset)
	public.get(paths.Health, s.health)
	public.get(paths.Ready, s.ready)
	files := public.with(newPace(s.cfg.Now, filesPerClient, fileWait).each)
	files.get(paths.LetterKeys, h.LetterKeys)
	files.get(paths.LetterSchema, h.LetterSchema)
	public.get(paths.LOAChecks, h.ShowLOAChecks)
	public.get(paths.LOACheck(":code"), h.ShowLOACheck)
	public.post(paths.LOACheck(":code"), h.CompareLOA)
	public.get(paths.Login, h.ShowSignIn)
	public.post(paths.Login, h.SignIn)
	public.post(paths.Logout, h.SignOut)
	public.get(paths.Forgotten, h.ShowForgotten)
	public.post(paths.Forgotten, h.Forgotten)
	links := public.with(newPace(s.cfg.Now, missesPerClient, missWait).vain)
	links.get(paths.Setup(":token"), h.ShowSetup)
	links.post(paths.Setup(":token"), h.Setup)
	public.with(newPace(s.cfg.Now, missesPerClient, missWait).vain).post(paths.CardWebhook, s.cardWebhook) // of the card gateway, which signs what it says
	public.get(paths.SecondFactor, h.ShowSecondFactor)
	public.post(paths.SecondFactor, h.PassSecondFactor)
	public.post(paths.SecondFactorPasskey, h.PassWithPasskey)
	public.get(paths.SSO, h.ShowSSO)
	public.post(paths.SSO, h.BeginSSO)
	public.get(paths.SSOReturn(":id"), h.FinishSSO)

	// For everybody who is signed in -------------------------------------------
	public.with(signedIn).post(paths.CustomerViewEnd, h.LeaveCustomer)
	own := public.with(signedIn, notLooking)
	own.get(paths.Session, h.ShowSession)
	own.get(paths.Security, h.ShowSecurity)
	own.post(paths.SecurityPassword, h.ChangePassword)
	own.post(paths.SecuritySession, h.SignedInLately(h.RevokeSession))
	own.post(paths.SecuritySessions, h.SignedInLately(h.RevokeOtherSessions))
	own.get(paths.SecurityAuthenticator, h.SignedInLately(h.AskAuthenticator))
	own.post(paths.SecurityAuthenticator, h.SignedInLately(h.AddAuthenticator))
	own.get(paths.SecurityPasskey, h.SignedInLately(h.AskPasskey))
	own.post(paths.SecurityPasskey, h.SignedInLately(h.AddPasskey))
	own.get(paths.SecurityRecovery, h.SignedInLately(h.AskRecoveryCodes))
	own.post(paths.SecurityRecovery, h.SignedInLately(h.MakeRecoveryCodes))
	own.get(paths.SecurityFactorRemoval(":id"), h.SignedInLately(h.AskFactorRemoval))
	own.post(paths.SecurityFactorRemoval(":id"), h.SignedInLately(h.RemoveFactor))
	own.post(paths.Preferences, h.SavePreferences)
	messages := own.with(s.secondFactor)
	messages.get(paths.Messages, h.ListMessages)
	messages.post(paths.MessagesRead, h.ReadMessages)
	messages.post(paths.MessagePattern(), h.ReadMessage)
	person := public.with(signedIn, onlyLooks, s.secondFactor)
	sends := newPace(s.cfg.Now, exportsPerPerson, exportWait).person // what is sent as a file

	// For customers: every role of an account reads ---------------------------
	customer := person.with(customersOnly)
	days, minutes := customer.with(s.again(reqctx.Quarter)), customer.with(s.again(time.Minute))
	days.get(paths.Home, h.ShowOverview)
	days.get(paths.Interfaces, h.ListInterfaces)
	customer.with(sends).get(paths.InterfacesCSV, h.ExportInterfaces)
	customer.get(paths.AccessPoints, h.ListAccessPoints)
	customer.get(paths.AccessPoint(":id"), h.ShowAccessPoint)
	customer.get(paths.Orders, h.ListOrders)
	customer.get(paths.Billing, h.ShowBilling)
	customer.with(sends).get(paths.StatementCSV, h.ExportStatement)
	customer.get(paths.Invoice(":no"), h.ShowInvoice)
	minutes.get(paths.Interface(":id"), h.ShowInterface)
	customer.get(paths.InterfaceLive(":id"), h.ShowInterfaceLive)
	customer.get(paths.InterfaceDates(":id"), h.InterfaceDates)
	customer.get(paths.LOAApplication(":id"), h.ShowLOAApplication)
	customer.get(paths.LOA(":id"), h.ShowLOA)
	customer.with(sends).get(paths.LOAPDF(":id"), h.DownloadLOA)
	customer.post(paths.LOAMail(":id"), h.SendLOA)
	customer.get(paths.DeliveryReport(":id"), h.ShowDeliveryReport)
	customer.get(paths.Order(":no"), h.ShowOrder)
	customer.get(paths.OrderDone(":no"), h.ShowOrderDone)
	customer.get(paths.OrderPayment(":no"), h.ShowPayment)
	customer.with(mayDo(lifecycle.PayInstallationFee)).get(paths.OrderCard(":no"), h.ShowCardPage)
	customer.with(sends).get(paths.Document(":no"), h.DownloadDocument)
	customer.get(paths.Whitelist, h.ShowWhitelist)

	// Customers: the account's people, and what they and others did
	colleagues := customer.with(may(lifecycle.ManageAccountPeople))
	activity := customer.with(may(lifecycle.SeeActivity))
	activity.get(paths.Activity, h.ListActivity)
	activity.with(sends).get(paths.ActivityCSV, h.ExportActivity)
	colleagues.get(paths.People, h.ListAccountPeople)
	colleagues.post(paths.People, h.InvitePerson)
	colleagues.post(paths.PeopleLinks, h.RenewLink)
	colleagues.get(paths.PersonRole(":id"), h.AskRole)
	colleagues.post(paths.PersonRole(":id"), h.ChangeRole)
	colleagues.get(paths.PersonRemoval(":id"), h.AskPersonRemoval)
	colleagues.post(paths.PersonRemoval(":id"), h.RemovePerson)

	// Customers: what a role may do, by the tables of the lifecycle
	orders := customer.with(mayDo(lifecycle.Order))
	orders.get(paths.NewInterface, h.NewInterface)
	orders.post(paths.Interfaces, h.CreateInterface)
	customer.with(may(lifecycle.RequestWhitelist)).post(paths.Whitelist, h.RequestWhitelist)

	customer.get(paths.Tickets, h.ListTickets)
	customer.get(paths.Ticket(":id"), h.ShowTicket)
	asks := customer.with(may(lifecycle.AskTickets))
	asks.get(paths.NewTicket, h.NewTicket)
	asks.post(paths.Tickets, h.OpenTicket)
	asks.post(paths.Ticket(":id"), h.WriteTicket)

	applies := customer.with(mayDo(lifecycle.ApplyForLOA))
	applies.get(paths.NewLOAApplication(":id"), h.NewLOAApplication)
	applies.post(paths.LOAApplication(":id"), h.ApplyForLOA)
	applies.get(paths.Withdrawal(":id"), h.ConfirmWithdrawal)
	applies.post(paths.Withdrawal(":id"), h.WithdrawApplication)
	customer.with(mayDo(lifecycle.ReportDelivery)).post(paths.DeliveryReport(":id"), h.ReportDelivery)

	edits := customer.with(mayDo(lifecycle.EditNameDescription))
	edits.get(paths.EditInterface(":id"), h.EditInterface)
	edits.post(paths.EditInterface(":id"), h.SaveInterface)

	customer.with(mayDo(lifecycle.PayInstallationFee)).post(paths.OrderPayment(":no"), h.PayOrder)
	customer.with(mayDo(lifecycle.PayInstallationFee)).post(paths.InvoicePayment(":no"), h.PayInvoice)
	pays := customer.with(mayDo(lifecycle.PayResourceFee))
	pays.get(paths.ResourceFee(":id"), h.ShowResourceFee)
	pays.post(paths.ResourceFee(":id"), h.PayResourceFee)

	renews := customer.with(mayDo(lifecycle.Renew))
	renews.get(paths.Renewal(":id"), h.ShowRenewal)
	renews.post(paths.Renewal(":id"), h.OrderRenewal)
	switches := customer.with(mayDo(lifecycle.SwitchAutoRenew))
	switches.get(paths.AutoRenew(":id"), h.AskAutoRenew)
	switches.post(paths.AutoRenew(":id"), h.SwitchAutoRenew)

	cancels := customer.with(mayDo(lifecycle.Cancel))
	cancels.get(paths.Cancellation(":id"), h.AskCancellation)
	cancels.post(paths.Cancellation(":id"), h.CancelInterface)
	ends := customer.with(mayDo(lifecycle.Terminate))
	ends.get(paths.Termination(":id"), h.AskTermination)
	ends.post(paths.Termination(":id"), h.TerminateInterface)

	// For staff ----------------------------------------------------------------
	staff := person.with(staffOnly)
	staff.get(paths.Admin, h.WorkQueue)
	staff.get(paths.AdminInterfaces, h.ListStaffInterfaces)
	staff.with(sends).get(paths.AdminInterfacesCSV, h.ExportStaffInterfaces)
	staff.get(paths.AdminInterface(":id"), h.ShowStaffInterface)
	notes := staff.with(may(lifecycle.WriteNotes))
	notes.post(paths.AdminNotes(":id"), h.WriteNote)
	notes.post(paths.AdminNoteWithdrawal(":id", ":n"), h.TakeBackNote)
	staff.with(may(lifecycle.SeeAudit)).get(paths.AdminAudit, h.ListAudit)
	staff.get(paths.AdminCalendar, h.ShowCalendar)

	// Staff: what customers ask
	tickets := staff.with(may(lifecycle.SeeTickets))
	tickets.get(paths.AdminTickets, h.ListStaffTickets)
	tickets.get(paths.AdminTicket(":id"), h.ShowTicket)
	asking := tickets.with(may(lifecycle.AskCustomers))
	asking.get(paths.AdminNewTicket, h.NewTicket)
	asking.post(paths.AdminTickets, h.OpenTicket)
	tickets.with(may(lifecycle.AnswerTickets)).post(paths.AdminTicket(":id"), h.WriteTicket)

	// Staff: working days, to keep
	calendars := staff.with(may(lifecycle.ManageCalendars))
	calendars.get(paths.AdminNewCalendar, h.NewCalendar)
	calendars.post(paths.AdminNewCalendar, h.AddCalendar)
	calendars.get(paths.AdminCalendarEdit(":id"), h.EditCalendar)
	calendars.post(paths.AdminCalendarEdit(":id"), h.SaveCalendar)
	calendars.get(paths.AdminCalendarDeletion(":id"), h.AskCalendarDeletion)
	calendars.post(paths.AdminCalendarDeletion(":id"), h.DeleteCalendar)
	calendars.get(paths.AdminCalendarYear(":id", ":year"), h.EditYear)
	calendars.post(paths.AdminCalendarYear(":id", ":year"), h.SaveYear)
	calendars.post(paths.AdminCalendarPreview(":id", ":year"), h.PreviewYear)
	calendars.get(paths.AdminCalendarRemoval(":id", ":year"), h.AskYearRemoval)
	calendars.post(paths.AdminCalendarRemoval(":id", ":year"), h.RemoveYear)
	calendars.post(paths.AdminRegionCalendar(":id"), h.SetRegionCalendar)

	// Staff: letters and the whitelist, to read and to decide
	reviews := staff.with(may(lifecycle.SeeReviews))
	reviews.get(paths.AdminLOAs, h.ListLOAs)
	reviews.get(paths.AdminLOA(":id"), h.ReviewLOA)
	reviews.with(sends).get(paths.AdminLOADocument(":id"), h.StaffLOADocument)
	reviews.get(paths.AdminLetter(":id"), h.ShowLetter)
	reviews.get(paths.AdminWhitelist, h.ListWhitelist)
	reviewer := staff.with(mayDo(lifecycle.Approve))
	reviewer.post(paths.AdminApproval(":id"), h.ApproveLOA)
	reviewer.get(paths.AdminRejection(":id"), h.AskRejection)
	reviewer.post(paths.AdminRejection(":id"), h.RejectLOA)
	reviewer.get(paths.AdminRevocation(":id"), h.AskRevocation)
	reviewer.post(paths.AdminRevocation(":id"), h.RevokeLOA)
	reviewer.post(paths.AdminLetterMail(":id"), h.SendLetter)
	reviewer.get(paths.AdminReissue(":id"), h.AskReissue)
	reviewer.post(paths.AdminReissue(":id"), h.ReissueLOA)
	reviewer.get(paths.AdminPlaybook(":id"), h.EditPlaybook)
	reviewer.post(paths.AdminPlaybook(":id"), h.SavePlaybook)
	reviewer.post(paths.AdminPortMove(":id"), h.MovePort)
	reveals := staff.with(may(lifecycle.RevealIDNumbers))
	reveals.get(paths.AdminIDNumber(":id", ":n"), h.AskIDNumber)
	reveals.post(paths.AdminIDNumber(":id", ":n"), h.ShowIDNumber)
	decides := staff.with(may(lifecycle.DecideWhitelist))
	decides.get(paths.AdminWhitelistGrant(":id"), h.AskGrant)
	decides.post(paths.AdminWhitelistGrant(":id"), h.GrantWhitelist)
	decides.get(paths.AdminWhitelistDecline(":id"), h.AskDecline)
	decides.post(paths.AdminWhitelistDecline(":id"), h.DeclineWhitelist)
	decides.get(paths.AdminWhitelistRevoke(":id"), h.AskWhitelistRevocation)
	decides.post(paths.AdminWhitelistRevoke(":id"), h.RevokeWhitelist)
	staff.with(may(lifecycle.SetQuotas)).post(paths.AdminQuotas(":id"), h.SetQuotas)

	// Staff: cables, to see and to connect
	cabling := staff.with(may(lifecycle.SeeCabling))
	cabling.get(paths.AdminCabling, h.ListCabling)
	cabling.get(paths.AdminCablingJob(":id"), h.ShowCabling)
	cabling.get(paths.AdminRemovals, h.ListRemovals)
	cabling.get(paths.AdminRemoval(":id"), h.ShowRemoval)
	cabling.get(paths.AdminPortCheck(":id"), h.AskPortCheck)
	technician := staff.with(mayDo(lifecycle.CompleteCabling))
	technician.post(paths.AdminCablingCompletion(":id"), h.CompleteCabling)
	technician.get(paths.AdminCablingReturn(":id"), h.AskReturn)
	technician.post(paths.AdminCablingReturn(":id"), h.ReturnReport)
	technician.post(paths.AdminRemoval(":id"), h.ConfirmRemoval)
	technician.post(paths.AdminPortCheck(":id"), h.CheckPort)

	// Staff: accounts and money
	staff.with(may(lifecycle.SeeAccounts)).get(paths.AdminAccounts, h.ListAccounts)
	staff.with(may(lifecycle.SeeAccounts)).get(paths.AdminOrders, h.ListStaffOrders)
	staff.with(may(lifecycle.SeeAccounts), sends).get(paths.AdminOrdersCSV, h.ExportStaffOrders)
	staff.with(may(lifecycle.SeeAccounts)).get(paths.AdminOverdue, h.ListOverdue)
	staff.with(may(lifecycle.SeeAccounts)).get(paths.AdminFeeRules, h.ShowFeeRules)
	staff.with(may(lifecycle.SetFeeRules)).post(paths.AdminFeeRules, h.SaveFeeRules)
	frees := staff.with(mayDo(lifecycle.Free))
	frees.get(paths.AdminFree(":id"), h.AskFree)
	frees.post(paths.AdminFree(":id"), h.FreeInterface)
	staff.with(may(lifecycle.SeeAccount)).get(paths.AdminAccount(":id"), h.ShowAccount)
	staff.with(may(lifecycle.RecordTransfers)).post(paths.AdminInvoiceLimit(":id"), h.SetInvoiceLimit)
	staff.with(may(lifecycle.RecordTransfers)).post(paths.AdminInvoicePayment(":id", ":no"), h.RecordInvoicePayment)
	staff.with(may(lifecycle.SeeAccounts)).get(paths.AdminPayments, h.ListPayments)
	staff.with(may(lifecycle.SeeAccounts)).get(paths.AdminPayment(":id"), h.ShowStaffPayment)
	staff.with(may(lifecycle.RecordTransfers)).post(paths.AdminRefundRetry(":id"), h.RetryRefund)
	staff.with(may(lifecycle.RecordTransfers)).post(paths.AdminTransfers(":id"), h.RecordTransfer)
	books := staff.with(may(lifecycle.SeeBooks))
	books.get(paths.AdminPrices, h.ListPrices)
	books.get(paths.AdminLedger, h.ShowTrialBalance)
	books.get(paths.AdminJournal, h.ListJournal)
	books.with(sends).get(paths.AdminLedgerCSV, h.ExportLedger)
	prices := staff.with(may(lifecycle.SetPrices))
	prices.get(paths.AdminNewPrices, h.NewPrices)
	prices.post(paths.AdminPrices, h.SchedulePrices)
	prices.get(paths.AdminPricesDeletion(":version"), h.AskPricesDeletion)
	prices.post(paths.AdminPricesDeletion(":version"), h.DeletePrices)
	staff.with(may(lifecycle.SeeAccount), sends).get(paths.AdminDocument(":no"), h.DownloadDocument)
	opens := staff.with(may(lifecycle.OpenAccounts))
	opens.get(paths.AdminNewCustomer, h.NewCustomer)
	opens.post(paths.AdminNewCustomer, h.OpenCustomer)

	// Staff: what letters are signed with
	exports := staff.with(may(lifecycle.ExportAudit), sends)
	exports.get(paths.AdminAuditJSONL, h.ExportAudit)
	exports.get(paths.AdminAuditCSV, h.ExportAuditCSV)
	personal := staff.with(may(lifecycle.ManagePersonalData))
	personal.get(paths.AdminPersonalData, h.ShowPersonalData)
	personal.post(paths.AdminPersonalData, h.HandlePersonalData)
	staff.with(may(lifecycle.SeeLetterKeys)).get(paths.AdminLetterKeys, h.ShowLetterKeys)
	staff.with(may(lifecycle.ManageLetterKeys)).post(paths.AdminLetterKeys, h.RotateLetterKeys)

	// Staff: people
	staff.with(may(lifecycle.SeePeople)).get(paths.AdminPeople, h.ListPeople)
	people := staff.with(may(lifecycle.ManagePeople))
	people.post(paths.AdminPeople, h.InvitePerson)
	people.post(paths.AdminNewLink, h.RenewLink)
	people.get(paths.AdminPersonRole(":id"), h.AskRole)
	people.post(paths.AdminPersonRole(":id"), h.ChangeRole)
	people.get(paths.AdminPersonRemoval(":id"), h.AskPersonRemoval)
	people.post(paths.AdminPersonRemoval(":id"), h.RemovePerson)
	staff.with(may(lifecycle.ViewAsCustomer)).post(paths.AdminCustomerView(":id"), h.ViewAsCustomer)
	people.post(paths.AdminAccountPeople(":id"), h.AddMember)
	signIn := staff.with(may(lifecycle.ManageSignIn))
	signIn.get(paths.AdminFactorReset(":id"), h.AskFactorReset)
	signIn.post(paths.AdminFactorReset(":id"), h.ResetFactors)
	signIn.get(paths.AdminSessionsEnd(":id"), h.AskSessionsEnd)
	signIn.post(paths.AdminSessionsEnd(":id"), h.EndSessionsOf)
	signIn.get(paths.AdminSSO, h.ListProviders)
	signIn.post(paths.AdminSSO, h.AddProvider)
	signIn.get(paths.AdminSSORemoval(":id"), h.AskProviderRemoval)
	signIn.post(paths.AdminSSORemoval(":id"), h.RemoveProvider)

	// Staff: mail
	staff.with(may(lifecycle.SeeMail)).get(paths.AdminMail, h.ShowMail)
	mails := staff.with(may(lifecycle.ManageMail))
	mails.post(paths.AdminMailTest, h.SendTestMail)
	mails.post(paths.AdminMailDelivery(":id"), h.ResendMail)

	// Staff: sites, to see and to change
	sites := staff.with(may(lifecycle.SeeSites))
	sites.get(paths.AdminAccessPoints, h.ListStaffAccessPoints)
	sites.get(paths.AdminAccessPoint(":id"), h.ShowStaffAccessPoint)
	sites.get(paths.AdminDevice(":id"), h.ShowDevice)
	sites.get(paths.AdminPortPages, h.FindPorts)
	sites.get(paths.AdminPort(":id"), h.ShowPort)
	inventory := staff.with(may(lifecycle.SeeInventory))
	inventory.get(paths.AdminInventory, h.ShowInventory)
	inventory.with(sends).get(paths.AdminInventoryCSV, h.ExportInventory)
	inventory.get(paths.AdminRegions, h.ListRegions)
	administrator := staff.with(may(lifecycle.ManageSites))
	administrator.get(paths.AdminAccessPointEdit(":id"), h.EditAccessPoint)
	administrator.post(paths.AdminAccessPointEdit(":id"), h.SaveAccessPoint)
	administrator.get(paths.AdminAccessPointDeletion(":id"), h.AskAccessPointDeletion)
	administrator.post(paths.AdminAccessPointDeletion(":id"), h.DeleteAccessPoint)
	administrator.get(paths.AdminNewSite, h.NewAccessPoint)
	administrator.post(paths.AdminNewSite, h.AddAccessPoint)
	administrator.get(paths.AdminNewRegion, h.NewRegion)
	administrator.post(paths.AdminNewRegion, h.AddRegion)
	administrator.get(paths.AdminRegion(":id"), h.EditRegion)
	administrator.post(paths.AdminRegion(":id"), h.SaveRegion)
	administrator.get(paths.AdminRegionDeletion(":id"), h.AskRegionDeletion)
	administrator.post(paths.AdminRegionDeletion(":id"), h.DeleteRegion)
	administrator.get(paths.AdminPorts(":id"), h.NewPorts)
	administrator.post(paths.AdminPorts(":id"), h.AddPorts)
	administrator.post(paths.AdminInventory, h.UploadInventory)
	administrator.with(sends).get(paths.AdminInventoryReport, h.DownloadImportReport)
	administrator.post(paths.AdminInventoryConfirmation, h.ConfirmImport)
	administrator.post(paths.AdminInventoryDismissal, h.DropImport)
	administrator.get(paths.AdminPanel(":id"), h.EditPanel)
	administrator.post(paths.AdminPanel(":id"), h.SavePanel)
	administrator.get(paths.AdminDeviceEdit(":id"), h.EditDevice)
	administrator.post(paths.AdminDeviceEdit(":id"), h.SaveDevice)
	administrator.get(paths.AdminDeviceDeletion(":id"), h.AskDeviceDeletion)
	administrator.post(paths.AdminDeviceDeletion(":id"), h.DeleteDevice)
	administrator.get(paths.AdminPortDemarcation(":id"), h.EditDemarcation)
	administrator.post(paths.AdminPortDemarcation(":id"), h.SaveDemarcation)
	administrator.get(paths.AdminPortOutage(":id"), h.AskPortOutage)
	administrator.post(paths.AdminPortOutage(":id"), h.TakePortOut)
	administrator.get(paths.AdminPortReturn(":id"), h.AskPortReturn)
	administrator.post(paths.AdminPortReturn(":id"), h.PutPortBack)
	administrator.get(paths.AdminPortDeletion(":id"), h.AskPortDeletion)
	administrator.post(paths.AdminPortDeletion(":id"), h.DeletePort)
}

// signedIn lets nobody in who is not signed in.
func signedIn(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if _, ok := reqctx.User(c.Request().Context()); !ok {
			return &store.Error{Kind: store.Unauthenticated, Msg: "Sign in to continue."}
		}
		return next(c)
	}
}

// secondFactor sends people whose session began without a second factor to set
// one up, where the operator asks for it: nothing else opens before.
func (s *Server) secondFactor(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		u, _ := reqctx.User(c.Request().Context())
		if !s.cfg.RequireSecondFactor || u.Strong || !u.Role.IsStaff() && !s.cfg.RequireOfCustomers {
			return next(c)
		}
		if c.Request().Method != http.MethodGet || reqctx.IsPartial(c.Request()) {
			return &store.Error{Kind: store.Forbidden, Msg: "Set up a second factor first: open Sign-in and security. Nothing was changed."}
		}
		return c.Redirect(http.StatusSeeOther, paths.Security)
	}
}

// onlyLooks refuses every write of a person of the staff who looks at a
// customer's console.
func onlyLooks(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		u, _ := reqctx.User(c.Request().Context())
		if m := c.Request().Method; u.StaffRole != "" && m != http.MethodGet && m != http.MethodHead {
			return &store.Error{Kind: store.Forbidden, Msg: "You look at the console of " + u.AccountName + ", where you change nothing. Leave it first."}
		}
		return next(c)
	}
}

// notLooking keeps them out of what is a person's own: messages, sign-in.
func notLooking(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if u, _ := reqctx.User(c.Request().Context()); u.StaffRole != "" {
			return &store.Error{Kind: store.Forbidden, Msg: "You look at the console of " + u.AccountName + ". Leave it first: this page is your own."}
		}
		return next(c)
	}
}

// customersOnly keeps staff out of customers' pages: they have their own. The
// first page sends them there.
func customersOnly(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if role := roleOf(c); role.IsCustomer() {
			return next(c)
		} else if role.IsStaff() && c.Request().URL.Path == paths.Home && c.Request().Method == http.MethodGet {
			return c.Redirect(http.StatusSeeOther, paths.Admin)
		}
		return &store.Error{Kind: store.Forbidden, Msg: "This page is for customers. Staff have pages of their own."}
	}
}

// staffOnly keeps customers out of the operator's pages.
func staffOnly(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if u, _ := reqctx.User(c.Request().Context()); u.StaffRole != "" {
			return &store.Error{Kind: store.Forbidden, Msg: "You look at the console of " + u.AccountName + ". Leave it to return to the staff pages."}
		}
		if !roleOf(c).IsStaff() {
			return &store.Error{Kind: store.Forbidden} // the standard words fit
		}
		return next(c)
	}
}

// roles opens a page to exactly these roles.
func roles(allowed ...lifecycle.Role) echo.MiddlewareFunc {
	return guard(func(r lifecycle.Role) bool { return slices.Contains(allowed, r) })
}

// mayDo opens a page to the roles that may ever do the action, as the
// lifecycle's table says.
func mayDo(a lifecycle.Action) echo.MiddlewareFunc {
	return guard(func(r lifecycle.Role) bool { return lifecycle.MayDo(a, r) })
}

// may opens a page to the roles that have the right, as the lifecycle's table of
// rights says.
func may(right lifecycle.Right) echo.MiddlewareFunc {
	return guard(func(r lifecycle.Role) bool { return lifecycle.May(right, r) })
}

func guard(open func(lifecycle.Role) bool) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if role := roleOf(c); !open(role) && role.IsCustomer() {
				return &store.Error{Kind: store.Forbidden, Msg: "Your role, " + role.Label() + ", does not allow this. Ask an owner of your account."}
			} else if !open(role) {
				return &store.Error{Kind: store.Forbidden, Msg: "Your role, " + role.Label() + ", has no access to this page. Ask an administrator if your work needs it."}
			}
			return next(c)
		}
	}
}

func roleOf(c echo.Context) lifecycle.Role {
	u, _ := reqctx.User(c.Request().Context())
	return u.Role
}
