package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// checkpoint is what a log signed (c2sp.org/tlog-checkpoint).
type checkpoint struct {
	name string // for messages
	tree tlog.Tree
	keys int // that signed it
}

func readKeys(paths []string) ([]note.Verifier, error) {
	var keys []note.Verifier
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, cannot("%v", err)
		}
		key, err := note.NewVerifier(strings.TrimSpace(string(text)))
		if err != nil {
			return nil, cannot("%s: %v", path, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// openCheckpoint checks the signatures of the keys, of which one at least is needed, and reads the text.
func openCheckpoint(name string, signed []byte, keys []note.Verifier) (checkpoint, error) {
	opened, err := note.Open(signed, note.VerifierList(keys...))
	if err != nil {
		return checkpoint{}, fmt.Errorf("signature of %s: %w", name, err)
	}
	tree, err := readText(opened.Text, keys[0].Name())
	if err != nil {
		return checkpoint{}, fmt.Errorf("%s: %w", name, err)
	}
	return checkpoint{name, tree, len(opened.Sigs)}, nil
}

// readText reads `origin\nsize\nbase64(root)\n`; lines after it are extensions.
func readText(text, origin string) (tlog.Tree, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[0] != origin {
		return tlog.Tree{}, fmt.Errorf("it is no checkpoint of %s", origin)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return tlog.Tree{}, fmt.Errorf("%q is no size", lines[1])
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tlog.Tree{}, fmt.Errorf("%q is no root", lines[2])
	}
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	return tree, nil
}

// proofFile is the proof of one leaf (c2sp.org/tlog-proof).
type proofFile struct {
	index      int64
	hashes     tlog.RecordProof
	checkpoint string // a signed note
}

func parseProof(text string) (proofFile, error) {
	head, signed, found := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "index ") {
		return proofFile{}, fmt.Errorf("it is not of the form of c2sp.org/tlog-proof@v1")
	}
	digits := strings.TrimPrefix(lines[1], "index ")
	index, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || index < 0 || strconv.FormatInt(index, 10) != digits {
		return proofFile{}, fmt.Errorf("%q is no index", digits)
	}
	proof := proofFile{index: index, checkpoint: signed}
	for _, line := range lines[2:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return proofFile{}, fmt.Errorf("%q is no hash", line)
		}
		proof.hashes = append(proof.hashes, hash)
	}
	return proof, nil
}
