package supervise

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/site"
)

// LocalListener is the router's listener for local tools, on the loopback interface.
const LocalListener = "skupper-local-normal"

// LocalClient is the directory, beside the TLS profiles, of the key pair that local tools show there.
const LocalClient = "skupper-local-client"

const (
	answerWait = 15 * time.Second // from the start of a router until it answers
	askWait    = 5 * time.Second  // for one request
	recheck    = 30 * time.Second // the live configuration is compared at least this often
)

// Options of a Local.
type Options struct {
	Engine     Engine
	ConfigFile string // what the router starts with; its directory exists
	CertDir    string // of the TLS profiles and of LocalClient
	// Variables gives what the router fills its configuration in with where it reads ${NAME}; nil: nothing.
	Variables func(name string) (value string, ok bool)
	Log       zerolog.Logger
	Now       func() time.Time
}

// Local is the site.Runtime of a router on this machine. It is safe for concurrent use; one call works at a time.
type Local struct {
	opts Options

	one     sync.Mutex // held during each call; guards what follows
	back    backoff
	why     error          // why the last start failed
	client  *manage.Client // to the process that has this number; nil: not connected
	pid     int
	applied [sha256.Size]byte // what was applied to that process last
	checked time.Time         // when that was compared with what it has
	kept    int               // process for which the engine's own things were put in order last
	unkept  error             // why they could not be; nil: they are
	tidy    backoff           // of the tries to put them in order
	ready   backoff           // of the tries to get what a restart needs
	unready error             // why that is not to be had; nil: it is, or nobody asked
}

var _ site.Runtime = (*Local)(nil)

// NewLocal makes the runtime. A router that runs already is adopted.
func NewLocal(o Options) *Local { return &Local{opts: o} }

// Start implements site.Runtime.
func (l *Local) Start(ctx context.Context, d site.Desired) error {
	l.one.Lock()
	defer l.one.Unlock()
	if d.Config == nil {
		return l.stop(ctx)
	}
	if err := l.start(ctx, d); err != nil {
		return err
	}
	l.keep(ctx)
	return nil
}

// keep has the engine put its own things in order, once for each process.
func (l *Local) keep(ctx context.Context) {
	k, ok := l.opts.Engine.(Keeper)
	if !ok {
		return
	}
	state, now := l.opts.Engine.State(ctx), l.opts.Now()
	if !state.Running || state.PID == l.kept || !l.tidy.allowed(now) {
		return
	}
	before := l.unkept
	if l.unkept = k.Keep(ctx); l.unkept == nil {
		l.kept, l.tidy = state.PID, backoff{}
		return
	}
	l.tidy.started(now)
	if before == nil || before.Error() != l.unkept.Error() {
		l.opts.Log.Error().Err(l.unkept).Msg("router.supervision")
	}
}

// Unkept says why the engine's own things, such as what starts the router with the machine, are not in order after the last
// Start; nil: they are. The router runs all the same, and Start tries again.
func (l *Local) Unkept() error {
	l.one.Lock()
	defer l.one.Unlock()
	return l.unkept
}

func (l *Local) start(ctx context.Context, d site.Desired) error {
	if err := d.Config.Check(); err != nil {
		return fault.Wrap(fault.Failed, "the router's configuration is not valid, and the router keeps the one it has", err, "")
	}
	text, err := d.Config.Marshal()
	if err != nil {
		return fmt.Errorf("write the router's configuration: %w", err)
	}
	want, err := l.filled(d.Config, text)
	if err != nil {
		return err
	}
	state := l.opts.Engine.State(ctx)
	if state.Err != nil {
		return state.Err
	}
	if !state.Running {
		return l.launch(ctx, want, text)
	}
	if _, err := atomicfile.WriteChanged(l.opts.ConfigFile, 0o600, text); err != nil {
		return err
	}
	if age := l.opts.Now().Sub(state.Since); age >= 0 && age < answerWait {
		// Its engine has started it again a moment ago, or somebody else has: it need not listen yet, and may end at once.
		return l.awaitAnswer(ctx, want, text)
	}
	return l.update(ctx, want, text, state)
}

// filled is a configuration as the router has it once it has read it: management fills nothing in.
func (l *Local) filled(c *config.Config, text []byte) (*config.Config, error) {
	if l.opts.Variables == nil || !bytes.Contains(text, []byte("${")) {
		return c, nil
	}
	out, err := config.Parse(config.Expand(text, l.opts.Variables))
	if err != nil {
		return nil, fmt.Errorf("fill in the router's configuration: %w", err)
	}
	return out, nil
}

// launch starts a router that does not run.
func (l *Local) launch(ctx context.Context, c *config.Config, text []byte) error {
	l.disconnect()
	now := l.opts.Now()
	if !l.back.allowed(now) {
		// The time of day and not how long it is until then: what says the same each time is written once.
		msg := "the router is started again at " + l.back.next.Format(time.TimeOnly)
		if l.why == nil {
			return fault.New(fault.Late, msg+", because it ended", "")
		}
		return fault.Wrap(fault.Late, msg+", because the last time failed", l.why, fault.Hint(l.why))
	}
	l.back.started(now)
	l.why = l.bringUp(ctx, c, text)
	return l.why
}

// bringUp starts a router and waits until it answers.
func (l *Local) bringUp(ctx context.Context, c *config.Config, text []byte) error {
	if err := portsFree(c); err != nil {
		return err
	}
	if _, err := atomicfile.WriteChanged(l.opts.ConfigFile, 0o600, text); err != nil {
		return err
	}
	if err := l.opts.Engine.Start(ctx); err != nil {
		return err
	}
	return l.awaitAnswer(ctx, c, text)
}

// awaitAnswer waits until a router that was just started answers.
func (l *Local) awaitAnswer(ctx context.Context, c *config.Config, text []byte) error {
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	for first := 0; ; {
		state := l.opts.Engine.State(ctx)
		if first == 0 {
			first = state.PID
		}
		if !state.Running || state.PID != first { // another one: it was not seen how the first ended
			return fault.New(fault.Failed, "the router ended right after its start: "+state.Detail, "")
		}
		_, err := l.connect(ctx, state)
		if err == nil {
			return l.update(ctx, c, text, state) // it may have been another one, with an older configuration
		}
		if pause(ctx, 50*time.Millisecond) != nil {
			return fault.Wrap(fault.Late, fmt.Sprintf("the router runs (%s), but does not answer within %v", state.Detail, answerWait), err, "")
		}
	}
}

// update brings a running router's configuration to what is wanted.
func (l *Local) update(ctx context.Context, want *config.Config, text []byte, state State) error {
	now := l.opts.Now()
	l.back.steady(now, state.Since)
	sum := sha256.Sum256(text)
	age := now.Sub(l.checked)
	if l.client != nil && l.pid == state.PID && l.applied == sum && age >= 0 && age < recheck {
		return nil
	}
	client, err := l.connect(ctx, state)
	if err != nil {
		return err
	}
	changes, err := client.Bring(ctx, manage.All(want))
	if err != nil {
		if refused := (*manage.StatusError)(nil); !errors.As(err, &refused) {
			l.disconnect()
		}
		return err
	}
	if len(changes.RestartNeeded) > 0 {
		return l.restart(ctx, want, text, changes.RestartNeeded)
	}
	if !changes.Empty() {
		l.opts.Log.Info().Int("created", len(changes.Created)).Int("updated", len(changes.Updated)).
			Int("deleted", len(changes.Deleted)).Msg("router.changed")
	}
	l.applied, l.checked = sum, now
	return nil
}

// restart ends a router that cannot take a change while it runs, and starts it anew. One that could not be started is left as it is.
func (l *Local) restart(ctx context.Context, want *config.Config, text []byte, why []string) error {
	if p, ok := l.opts.Engine.(Preparer); ok {
		now := l.opts.Now()
		if !l.ready.allowed(now) {
			return l.unready
		}
		if err := p.Prepare(ctx); err != nil {
			l.ready.started(now)
			l.unready = fault.Wrap(fault.KindOf(err), "the router goes on as it was, as it could not be started anew", err, fault.Hint(err))
			return l.unready
		}
		l.ready, l.unready = backoff{}, nil
	}
	l.opts.Log.Warn().Strs("why", why).Msg("router.restart")
	if err := l.stop(ctx); err != nil {
		return err
	}
	l.back = backoff{}
	return l.launch(ctx, want, text)
}

// Stop implements site.Runtime.
func (l *Local) Stop(ctx context.Context) error {
	l.one.Lock()
	defer l.one.Unlock()
	l.back = backoff{}
	return l.stop(ctx)
}

func (l *Local) stop(ctx context.Context) error {
	l.disconnect()
	l.kept, l.unkept, l.tidy = 0, nil, backoff{}
	return l.opts.Engine.Stop(ctx)
}

// Remove stops the router and takes away what its engine has set up outside of the namespace's directory.
func (l *Local) Remove(ctx context.Context) error {
	l.one.Lock()
	defer l.one.Unlock()
	if err := l.stop(ctx); err != nil {
		return err
	}
	return l.opts.Engine.Remove(ctx)
}

// State tells what runs, without asking it.
func (l *Local) State(ctx context.Context) State {
	l.one.Lock()
	defer l.one.Unlock()
	return l.opts.Engine.State(ctx)
}

// Close lets go of the router. It runs on.
func (l *Local) Close() error {
	l.one.Lock()
	defer l.one.Unlock()
	l.disconnect()
	return nil
}

// connect gives the connection to the router process that runs, making it if need be.
func (l *Local) connect(ctx context.Context, state State) (*manage.Client, error) {
	if l.client != nil && l.pid == state.PID {
		return l.client, nil
	}
	l.disconnect()
	to, err := l.address()
	if err != nil {
		return nil, err
	}
	client, err := manage.Dial(ctx, to)
	if err != nil {
		return nil, err
	}
	l.client, l.pid, l.applied = client, state.PID, [sha256.Size]byte{}
	return client, nil
}

// address is how local tools reach the router.
func (l *Local) address() (manage.Options, error) {
	port, err := managementPort(l.opts.ConfigFile)
	if err != nil {
		return manage.Options{}, err
	}
	conf, err := clientTLS(filepath.Join(l.opts.CertDir, LocalClient))
	if err != nil {
		return manage.Options{}, err
	}
	return manage.Options{URL: fmt.Sprintf("amqps://127.0.0.1:%d", port), TLS: conf, Timeout: askWait}, nil
}

// Address is how local tools reach the router that runs. It does not wait for other calls.
func (l *Local) Address(context.Context) (manage.Options, error) { return l.address() }

func (l *Local) disconnect() {
	if l.client != nil {
		_ = l.client.Close() // nothing is under way on it
		l.client = nil
	}
}

// managementPort is the port of the listener for local tools in a configuration file.
func managementPort(file string) (int, error) {
	c, err := config.Load(file)
	if err != nil {
		return 0, err
	}
	for _, ln := range c.Listeners {
		if ln.Name == LocalListener {
			return portNumber(string(ln.Port))
		}
	}
	return 0, errors.New("the router's configuration has no listener " + LocalListener)
}

// notReady is an error as the reason why a router is not ready, on one line.
func notReady(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// Retry makes the next Start try at once, though the router has just ended.
func (l *Local) Retry() {
	l.one.Lock()
	defer l.one.Unlock()
	l.back = backoff{}
}

// Forget makes the next Start compare the running router with what is wanted, though nothing may have changed.
func (l *Local) Forget() {
	l.one.Lock()
	defer l.one.Unlock()
	l.checked, l.kept, l.tidy, l.ready = time.Time{}, 0, backoff{}, backoff{}
}
