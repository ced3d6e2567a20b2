package handlers

import (
	"demarc/store"
	"demarc/views"
)

// interfaceView is an interface in words, from the catalogue in memory: it
// asks nothing of the database.
func (h *Handlers) interfaceView(c store.Connection) views.Interface {
	cat := h.Store.Catalogue()
	region, _ := cat.Region(c.Region)
	ap, _ := cat.AccessPoint(c.AccessPointID)
	info := c.PortType.Info()
	return views.Interface{
		ID: c.ID, Name: c.Name, Description: c.Description, AccountID: c.AccountID,
		Stage: c.Stage, StageSince: c.StageSince, DueAt: c.DueAt, Now: h.Store.Now(), Zone: cat.Zone(c.Region), Problem: c.Problem, Rev: c.Version,
		Region: region.Name, RegionID: c.Region, AccessPoint: ap.Name, AccessPointID: c.AccessPointID, SP: c.SP.Label(), Spec: c.Spec.Label(),
		PortType: string(c.PortType), PortTypeLabel: info.Label, PortShort: info.Short,
		RedundantID: c.RedundantID, LOANo: c.LOANo, LineCode: c.LineCode, Installation: c.Installation.String(), Monthly: c.Monthly.String(),
		ScheduledAt: c.ScheduledAt, CreatedAt: c.CreatedAt, PaidThrough: c.PaidThrough, RemovalDue: c.RemovalDue,
	}
}
