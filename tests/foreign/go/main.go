// Checks a served log as an auditor would, with packages that nobody of Caseledger wrote: signatures with
// golang.org/x/mod/sumdb/note, tree, tiles and proofs with golang.org/x/mod/sumdb/tlog. It knows nothing of the log but
// its address, its keys, older checkpoints and proof files.
//
//	foreign_verifier --url URL --vkey FILE [--vkey FILE] [--older FILE]... [--proof FILE]... [options]
//
// Exit code: 0 when everything is as it was signed, 1 when something is not (standard error says what), 2 when it could
// not be checked.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
)

const (
	exitVerified   = 0
	exitRefused    = 1
	exitNotChecked = 2
)

// fileList is a flag that may be given several times.
type fileList []string

func (l *fileList) String() string { return strings.Join(*l, ",") }
func (l *fileList) Set(path string) error {
	*l = append(*l, path)
	return nil
}

// notChecked is an error of this run, not of the log.
type notChecked struct{ why error }

func (e notChecked) Error() string { return e.why.Error() }

func cannot(format string, arguments ...any) error {
	return notChecked{fmt.Errorf(format, arguments...)}
}

type options struct {
	url     string
	keys    fileList // verifier keys; each must have signed the newest checkpoint
	older   fileList // signed checkpoints from before
	proofs  fileList // c2sp.org/tlog-proof files
	leaves  int      // proven besides the ends and the borders of tiles
	seed    int64    // which these are
	corrupt string   // PATH:OFFSET; flips a byte of that answer
}

func parse() (options, error) {
	var o options
	flag.StringVar(&o.url, "url", "", "`URL` below which `checkpoint` and `tile/` are")
	flag.Var(&o.keys, "vkey", "`file` with a verifier key; each must have signed the newest checkpoint")
	flag.Var(&o.older, "older", "`file` with a checkpoint that was signed before, by one of the keys at least")
	flag.Var(&o.proofs, "proof", "`file` with the proof of one event (c2sp.org/tlog-proof)")
	flag.IntVar(&o.leaves, "leaves", 4000, "leaves drawn at random to be proven, besides ends and borders of tiles")
	flag.Int64Var(&o.seed, "seed", 1, "what the draw begins with")
	flag.StringVar(&o.corrupt, "corrupt", "", "`PATH:OFFSET`: flip a bit of that byte in the answer of that path, to see "+
		"that it is noticed; counts from the end when negative")
	flag.Parse()
	if flag.NArg() > 0 || o.url == "" || len(o.keys) == 0 {
		return o, cannot("--url and --vkey are needed, and nothing but flags: see --help")
	}
	return o, nil
}

func run() error {
	o, err := parse()
	if err != nil {
		return err
	}
	source, err := newSource(o.url, o.corrupt)
	if err != nil {
		return err
	}
	a, err := newAudit(o, source)
	if err != nil {
		return err
	}
	refused := a.check()
	if err := source.corruptionWasServed(); err != nil {
		return err
	}
	if path := a.tiles.savedFrom(source.corrupted); path != "" {
		return cannot("%s was taken for verified although a byte of it was flipped", path)
	}
	if refused != nil {
		return refused
	}
	fmt.Println(a.summary())
	return nil
}

func main() {
	err := run()
	if err == nil {
		os.Exit(exitVerified)
	}
	fmt.Fprintf(os.Stderr, "foreign_verifier: %v\n", err)
	var own notChecked
	if errors.As(err, &own) {
		os.Exit(exitNotChecked)
	}
	os.Exit(exitRefused)
}
