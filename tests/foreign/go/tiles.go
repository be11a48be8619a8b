package main

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// tileReader is what sumdb/tlog reads tiles through. It keeps only what is verified.
type tileReader struct {
	source   *source
	verified map[tlog.Tile][]byte
	// What the package called verified since the last `take`.
	offered map[tlog.Tile][]byte
}

func newTileReader(s *source) *tileReader {
	return &tileReader{s, map[tlog.Tile][]byte{}, map[tlog.Tile][]byte{}}
}

func (r *tileReader) Height() int { return tileHeight }

func (r *tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		if known, ok := r.verified[tile]; ok {
			data[i] = known
			continue
		}
		var err error
		if data[i], err = r.source.tile(tile); err != nil {
			return nil, err
		}
		if len(data[i]) != tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s has %d bytes instead of %d", tilePath(tile), len(data[i]), tile.W*tlog.HashSize)
		}
	}
	return data, nil
}

func (r *tileReader) SaveTiles(tiles []tlog.Tile, data [][]byte) {
	for i, tile := range tiles {
		r.offered[tile] = data[i]
	}
}

// take keeps what the package called verified, after comparing each full tile once more with the hash in the tile above.
//
// The package leaves out some of these comparisons up to x/mod of 2026-08 (CVE-2026-56865, Go issue 80744), and Debian 12
// has version 0.7.0. The tiles at the top, which it compares with the root, are always checked.
func (r *tileReader) take(size int64) error {
	for tile, data := range r.offered {
		if _, known := r.verified[tile]; known || tile.W < tileWidth {
			continue
		}
		parent := tileAbove(tile, size)
		above, ok := r.offered[parent]
		if !ok {
			return cannot("%s was read without %s", tilePath(tile), tilePath(parent))
		}
		expected, err := tlog.HashFromTile(parent, above, tlog.StoredHashIndex(parent.L*tileHeight, tile.N))
		if err != nil {
			return cannot("%v", err)
		}
		root, err := rootOf(tile, data)
		if err != nil {
			return cannot("%v", err)
		}
		if root != expected {
			return fmt.Errorf("inconsistent tile: %s is not what %s says of it", tilePath(tile), tilePath(parent))
		}
	}
	for tile, data := range r.offered {
		r.verified[tile] = data
	}
	r.offered = map[tlog.Tile][]byte{}
	return nil
}

// tileAbove is the tile of a tree of that size that has the hash of a full tile.
func tileAbove(tile tlog.Tile, size int64) tlog.Tile {
	above := tlog.Tile{H: tileHeight, L: tile.L + 1, N: tile.N / tileWidth}
	hashes := size >> uint(above.L*tileHeight)
	above.W = min(tileWidth, int(hashes-above.N*tileWidth))
	return above
}

// rootOf hashes a full tile, by its two halves.
func rootOf(tile tlog.Tile, data []byte) (tlog.Hash, error) {
	half := tile.L*tileHeight + tileHeight - 1
	left, err := tlog.HashFromTile(tile, data, tlog.StoredHashIndex(half, 2*tile.N))
	if err != nil {
		return tlog.Hash{}, err
	}
	right, err := tlog.HashFromTile(tile, data, tlog.StoredHashIndex(half, 2*tile.N+1))
	return tlog.NodeHash(left, right), err
}

// hashes reads hashes of a tree from tiles that lead to its root.
func (r *tileReader) hashes(tree tlog.Tree) tlog.HashReader {
	reader := tlog.TileHashReader(tree, r)
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes, err := reader.ReadHashes(indexes)
		if err == nil {
			err = r.take(tree.N)
		}
		return hashes, err
	})
}

// savedFrom returns the path when a tile that came from it was taken for verified.
func (r *tileReader) savedFrom(path string) string {
	for tile := range r.verified {
		if tilePath(tile) == path {
			return path
		}
	}
	return ""
}

// missing returns the path of a tile of the tree that was not verified, or nothing.
func (r *tileReader) missing(size int64) string {
	for level := 0; size>>uint(level*tileHeight) > 0; level++ {
		hashes := size >> uint(level*tileHeight)
		for n := int64(0); n*tileWidth < hashes; n++ {
			tile := tlog.Tile{H: tileHeight, L: level, N: n, W: min(tileWidth, int(hashes-n*tileWidth))}
			if _, ok := r.verified[tile]; !ok {
				return tilePath(tile)
			}
		}
	}
	return ""
}
