package container

import (
	"context"
	"runtime"

	"github.com/skupper-plugins/suite/shared/fault"
)

// Image is an image that can be run.
type Image struct {
	Ref      string
	Embedded bool
	Why      string // it is this one and not the one configured; empty if it is that
}

// Obtain gets the image that the settings mean. What happens meanwhile goes to say, which may be nil.
func (s Settings) Obtain(ctx context.Context, api API, credentials Credentials, say func(string)) (Image, error) {
	if say == nil {
		say = func(string) {}
	}
	if s.Router == Embedded {
		return s.embedded(ctx, api, "")
	}
	err := s.named(ctx, api, credentials, say)
	if err == nil {
		return Image{Ref: s.Image}, nil
	}
	if s.Router == FromName || ctx.Err() != nil || Embeddable() != nil {
		return Image{}, err
	}
	say(err.Error())
	return s.embedded(ctx, api, err.Error())
}

// named gets the image configured.
func (s Settings) named(ctx context.Context, api API, credentials Credentials, say func(string)) error {
	have, err := api.Image(ctx, s.Image)
	switch {
	case err == nil && s.Pull != PullAlways:
		return s.fits(have.Architecture)
	case err != nil && !fault.Is(err, fault.Missing):
		return err
	case err != nil && s.Pull == PullNever:
		return fault.New(fault.Missing, "there is no image "+s.Image+" here, and it is not to be pulled", "load it, or --engine embedded")
	}
	here := err == nil
	say("pulling " + s.Image)
	if err := api.Pull(ctx, s.Image, credentials(s.Image), say); err != nil {
		if !here || ctx.Err() != nil {
			return err
		}
		say(err.Error() + "; the one that is here is used")
	}
	if have, err = api.Image(ctx, s.Image); err != nil {
		return err
	}
	return s.fits(have.Architecture)
}

// fits refuses the image of another architecture, which would end with no more than "exec format error".
func (s Settings) fits(arch string) error {
	wrong := WrongMachine(s.Image, arch)
	if wrong == "" {
		return nil
	}
	return fault.New(fault.Failed, wrong,
		"pull or load the one for "+runtime.GOARCH+", or --engine embedded")
}

// embedded makes the image of this program unless it is there.
func (s Settings) embedded(ctx context.Context, api API, why string) (Image, error) {
	ref, err := embeddedRef()
	if err != nil {
		return Image{}, err
	}
	_, err = api.Image(ctx, ref)
	if fault.Is(err, fault.Missing) {
		err = build(ctx, api, ref)
	}
	return Image{Ref: ref, Embedded: true, Why: why}, err
}
