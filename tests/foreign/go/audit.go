package main

import (
	"fmt"
	"math/rand"
	"os"
	"sort"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Leaves of each older tree that are drawn to be proven in it.
const leavesOfOlderTree = 20

// audit is one pass over everything a log shows.
type audit struct {
	options options
	keys    []note.Verifier
	source  *source
	tiles   *tileReader
	newest  checkpoint
	older   []checkpoint // by size
	leaves  []tlog.Hash  // of the newest tree, each proven by the tiles

	entries, inclusions, consistencies, files int
}

func newAudit(o options, s *source) (*audit, error) {
	keys, err := readKeys(o.keys)
	if err != nil {
		return nil, err
	}
	return &audit{options: o, keys: keys, source: s, tiles: newTileReader(s)}, nil
}

// check stops at the first thing that is wrong.
func (a *audit) check() error {
	for _, step := range []func() error{
		a.openNewest, a.openOlder, a.checkConsistencies, a.checkRoots, a.checkEntries, a.checkInclusions, a.checkFiles,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	if path := a.tiles.missing(a.newest.tree.N); path != "" {
		return cannot("%s was never looked at", path)
	}
	return nil
}

func (a *audit) summary() string {
	return fmt.Sprintf("verified: size %d, signatures %d, older checkpoints %d, tiles %d, entries %d, inclusions %d, "+
		"consistencies %d, proof files %d", a.newest.tree.N, a.newest.keys, len(a.older), len(a.tiles.verified),
		a.entries, a.inclusions, a.consistencies, a.files)
}

func (a *audit) openNewest() error {
	signed, err := a.source.mustGet("checkpoint")
	if err != nil {
		return err
	}
	if a.newest, err = openCheckpoint("checkpoint", signed, a.keys); err != nil {
		return err
	}
	if a.newest.keys != len(a.keys) {
		return fmt.Errorf("signature of checkpoint: %d of %d keys signed it", a.newest.keys, len(a.keys))
	}
	if a.newest.tree.N == 0 {
		return cannot("the log is empty")
	}
	return nil
}

func (a *audit) openOlder() error {
	for _, path := range a.options.older {
		signed, err := os.ReadFile(path)
		if err != nil {
			return cannot("%v", err)
		}
		opened, err := openCheckpoint(path, signed, a.keys)
		if err != nil {
			return err
		}
		if opened.tree.N < 1 || opened.tree.N > a.newest.tree.N {
			return fmt.Errorf("%s covers %d events, the newest checkpoint %d", path, opened.tree.N, a.newest.tree.N)
		}
		a.older = append(a.older, opened)
	}
	sort.SliceStable(a.older, func(i, j int) bool { return a.older[i].tree.N < a.older[j].tree.N })
	return nil
}

// checkRoots computes each signed root from the tiles of the newest tree.
func (a *audit) checkRoots() error {
	for _, signed := range append([]checkpoint{a.newest}, a.older...) {
		root, err := tlog.TreeHash(signed.tree.N, a.tiles.hashes(a.newest.tree))
		if err != nil {
			return fmt.Errorf("root of %s: %w", signed.name, err)
		}
		if root != signed.tree.Hash {
			return fmt.Errorf("root of %s: the log's first %d events give another one", signed.name, signed.tree.N)
		}
	}
	return nil
}

// checkEntries hashes every entry of the log and compares it with the leaf in a verified tile.
func (a *audit) checkEntries() error {
	size := a.newest.tree.N
	for first := int64(0); first < size; first += tileWidth {
		width := min(tileWidth, int(size-first))
		indexes := make([]int64, width)
		for i := range indexes {
			indexes[i] = tlog.StoredHashIndex(0, first+int64(i))
		}
		leaves, err := a.tiles.hashes(a.newest.tree).ReadHashes(indexes)
		if err != nil {
			return fmt.Errorf("tiles of events %d to %d: %w", first, first+int64(width)-1, err)
		}
		entries, err := a.source.entries(tlog.Tile{H: tileHeight, L: 0, N: first / tileWidth, W: width})
		if err != nil {
			return err
		}
		for i, entry := range entries {
			if tlog.RecordHash(entry) != leaves[i] {
				return fmt.Errorf("entry %d: it is not what its leaf commits to", first+int64(i))
			}
		}
		a.leaves = append(a.leaves, leaves...)
		a.entries += width
	}
	return nil
}

// toProve returns the ends, the borders of tiles, and what is drawn.
func (a *audit) toProve(random *rand.Rand) []int64 {
	size := a.newest.tree.N
	chosen := map[int64]bool{0: true, size - 1: true}
	for border := int64(tileWidth); border < size; border += tileWidth {
		chosen[border-1], chosen[border] = true, true
	}
	for i := 0; i < a.options.leaves; i++ {
		chosen[random.Int63n(size)] = true
	}
	leaves := make([]int64, 0, len(chosen))
	for leaf := range chosen {
		leaves = append(leaves, leaf)
	}
	sort.Slice(leaves, func(i, j int) bool { return leaves[i] < leaves[j] })
	return leaves
}

func (a *audit) checkInclusions() error {
	random := rand.New(rand.NewSource(a.options.seed))
	for _, leaf := range a.toProve(random) {
		if err := a.checkInclusion(a.newest, leaf); err != nil {
			return err
		}
	}
	for _, signed := range a.older {
		chosen := []int64{0, signed.tree.N - 1}
		for i := 0; i < leavesOfOlderTree; i++ {
			chosen = append(chosen, random.Int63n(signed.tree.N))
		}
		for _, leaf := range chosen {
			if err := a.checkInclusion(signed, leaf); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *audit) checkInclusion(signed checkpoint, leaf int64) error {
	proof, err := tlog.ProveRecord(signed.tree.N, leaf, a.tiles.hashes(signed.tree))
	if err == nil {
		err = tlog.CheckRecord(proof, signed.tree.N, signed.tree.Hash, leaf, a.leaves[leaf])
	}
	if err != nil {
		return fmt.Errorf("inclusion of event %d in %s: %w", leaf, signed.name, err)
	}
	a.inclusions++
	return nil
}

// checkConsistencies compares every checkpoint with every older one, in the tiles of the later tree.
func (a *audit) checkConsistencies() error {
	all := append(append([]checkpoint{}, a.older...), a.newest)
	for i, earlier := range all {
		for _, later := range all[i+1:] {
			proof, err := tlog.ProveTree(later.tree.N, earlier.tree.N, a.tiles.hashes(later.tree))
			if err == nil {
				err = tlog.CheckTree(proof, later.tree.N, later.tree.Hash, earlier.tree.N, earlier.tree.Hash)
			}
			if err != nil {
				return fmt.Errorf("consistency of %s with %s: %w", later.name, earlier.name, err)
			}
			a.consistencies++
		}
	}
	return nil
}

// checkFiles checks proofs that somebody took home, each against the checkpoint in it and the log's entry.
func (a *audit) checkFiles() error {
	for _, path := range a.options.proofs {
		text, err := os.ReadFile(path)
		if err != nil {
			return cannot("%v", err)
		}
		proof, err := parseProof(string(text))
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		signed, err := openCheckpoint(path, []byte(proof.checkpoint), a.keys)
		if err != nil {
			return err
		}
		if proof.index >= int64(len(a.leaves)) {
			return fmt.Errorf("%s: the log has no event %d", path, proof.index)
		}
		tree := signed.tree
		if err := tlog.CheckRecord(proof.hashes, tree.N, tree.Hash, proof.index, a.leaves[proof.index]); err != nil {
			return fmt.Errorf("%s: event %d: %w", path, proof.index, err)
		}
		a.files++
	}
	return nil
}
