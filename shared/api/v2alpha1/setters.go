package v2alpha1

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Each setter below is SetCondition at the current time: nil means met, an error made by Waiting means pending, any
// other error is one. It reports whether anything changed.

// SetConfigured says whether the site's spec could be applied.
func (s *Site) SetConfigured(err error) bool { return setNow(s, ConditionConfigured, err) }

// SetRunning says whether the site's router runs.
func (s *Site) SetRunning(err error) bool { return setNow(s, ConditionRunning, err) }

// SetResolved says whether it is known where other sites can link to.
func (s *Site) SetResolved(err error) bool { return setNow(s, ConditionResolved, err) }

// IsReady reports whether the site is ready.
func (s *Site) IsReady() bool { return s.Status.IsTrue(ConditionReady) }

// SetConfigured says whether the listener is part of the router's configuration.
func (l *Listener) SetConfigured(err error) bool { return setNow(l, ConditionConfigured, err) }

// SetMatched says whether there are connectors with the listener's routing key.
func (l *Listener) SetMatched(err error) bool { return setNow(l, ConditionMatched, err) }

// SetConfigured says whether the listener is part of the router's configuration.
func (m *MultiKeyListener) SetConfigured(err error) bool { return setNow(m, ConditionConfigured, err) }

// SetOperational says whether at least one routing key can be reached.
func (m *MultiKeyListener) SetOperational(err error) bool {
	return setNow(m, ConditionOperational, err)
}

// SetConfigured says whether the connector is part of the router's configuration.
func (c *Connector) SetConfigured(err error) bool { return setNow(c, ConditionConfigured, err) }

// SetMatched says whether there are listeners with the connector's routing key.
func (c *Connector) SetMatched(err error) bool { return setNow(c, ConditionMatched, err) }

// SetConfigured says whether the connector is part of the router's configuration.
func (a *AttachedConnector) SetConfigured(err error) bool { return setNow(a, ConditionConfigured, err) }

// SetConfigured says whether the attached connector is part of the router's configuration.
func (a *AttachedConnectorBinding) SetConfigured(err error) bool {
	return setNow(a, ConditionConfigured, err)
}

// SetMatched says whether there are listeners with the binding's routing key.
func (a *AttachedConnectorBinding) SetMatched(err error) bool {
	return setNow(a, ConditionMatched, err)
}

// SetConfigured says whether the link is part of the router's configuration.
func (l *Link) SetConfigured(err error) bool { return setNow(l, ConditionConfigured, err) }

// SetOperational says whether the link is up.
func (l *Link) SetOperational(err error) bool { return setNow(l, ConditionOperational, err) }

// SetProcessed says whether the grant has been accepted and its code and expiry fixed.
func (a *AccessGrant) SetProcessed(err error) bool { return setNow(a, ConditionProcessed, err) }

// SetResolved says whether it is known where the grant is redeemed.
func (a *AccessGrant) SetResolved(err error) bool { return setNow(a, ConditionResolved, err) }

// IsReady reports whether a token can be made of the grant.
func (a *AccessGrant) IsReady() bool { return a.Status.IsTrue(ConditionReady) }

// SetRedeemed says whether the token has been redeemed.
func (a *AccessToken) SetRedeemed(err error) bool { return setNow(a, ConditionRedeemed, err) }

// IsRedeemed reports whether the token has been redeemed; it is never redeemed again.
func (a *AccessToken) IsRedeemed() bool { return a.Status.IsTrue(ConditionRedeemed) }

// SetRedeemedForDeletedSite keeps a redeemed token from being taken for a fresh one when another site is made in the
// namespace: it stays redeemed, and says why it is of no use.
func (a *AccessToken) SetRedeemedForDeletedSite(now time.Time) bool {
	changed := a.Status.put(now, metav1.Condition{Type: ConditionRedeemed, Status: metav1.ConditionTrue,
		Reason: string(StatusError), Message: MessageAlreadyRedeemedNoSite, ObservedGeneration: a.Generation})
	changed = mirror(a, ConditionRedeemed, true) || changed
	return a.Status.copyFrom(ConditionRedeemed) || changed
}

// SetConfigured says whether the access is part of the router's configuration.
func (r *RouterAccess) SetConfigured(err error) bool { return setNow(r, ConditionConfigured, err) }

// SetResolved says whether it is known where the routers can be reached.
func (r *RouterAccess) SetResolved(err error) bool { return setNow(r, ConditionResolved, err) }

// SetConfigured says whether what exposes the pods has been made.
func (s *SecuredAccess) SetConfigured(err error) bool { return setNow(s, ConditionConfigured, err) }

// SetResolved says whether it is known where the pods can be reached.
func (s *SecuredAccess) SetResolved(err error) bool { return setNow(s, ConditionResolved, err) }

// SetReady says whether the secret with the certificate exists.
func (c *Certificate) SetReady(err error) bool { return setNow(c, ConditionReady, err) }

func setNow(obj Object, condition string, err error) bool {
	return SetCondition(time.Now(), obj, condition, err)
}
