package main

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight      = 8
	tileWidth       = 1 << tileHeight
	mostAnswerBytes = 32 << 20 // 256 entries of 64 KiB are half of it
	mostSeconds     = 30
)

// source is the served log: c2sp.org/tlog-tiles over HTTP.
type source struct {
	url       string
	client    http.Client
	corrupted string // the path whose answer is to be changed; empty: none
	offset    int
	served    bool // such an answer was given
}

func newSource(url, corrupt string) (*source, error) {
	s := &source{url: strings.TrimSuffix(url, "/")}
	s.client.Timeout = mostSeconds * time.Second
	if corrupt == "" {
		return s, nil
	}
	path, offset, found := strings.Cut(corrupt, ":")
	number, err := strconv.Atoi(offset)
	if !found || path == "" || err != nil {
		return nil, cannot("--corrupt needs PATH:OFFSET, not %q", corrupt)
	}
	s.corrupted, s.offset = path, number
	s.client.Transport = s
	return s, nil
}

// RoundTrip flips a bit of the answer that is to be changed.
func (s *source) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil || response.StatusCode != http.StatusOK || !strings.HasSuffix(request.URL.Path, "/"+s.corrupted) {
		return response, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, mostAnswerBytes))
	response.Body.Close()
	if err != nil {
		return nil, err
	}
	at := s.offset
	if at < 0 {
		at += len(body)
	}
	if at < 0 || at >= len(body) {
		return nil, fmt.Errorf("%s has no byte %d to flip, it has %d", s.corrupted, s.offset, len(body))
	}
	body[at] ^= 1
	s.served = true
	response.Body = io.NopCloser(strings.NewReader(string(body)))
	return response, nil
}

func (s *source) corruptionWasServed() error {
	if s.corrupted != "" && !s.served {
		return cannot("%s was never asked for, so nothing was corrupted", s.corrupted)
	}
	return nil
}

// get returns nil when there is no such resource.
func (s *source) get(path string) ([]byte, error) {
	response, err := s.client.Get(s.url + "/" + path)
	if err != nil {
		return nil, cannot("%v", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, mostAnswerBytes))
	if err != nil {
		return nil, cannot("%s: %v", path, err)
	}
	if response.StatusCode == http.StatusNotFound {
		return nil, nil
	}
	if response.StatusCode != http.StatusOK {
		return nil, cannot("%s: %s", path, response.Status)
	}
	return body, nil
}

// mustGet fails when there is no such resource.
func (s *source) mustGet(path string) ([]byte, error) {
	body, err := s.get(path)
	if err == nil && body == nil {
		err = cannot("%s: there is none", path)
	}
	return body, err
}

// indexPath writes a tile's index and width as both sumdb and C2SP do.
func indexPath(tile tlog.Tile) string {
	// tile/H/L/N: sumdb's paths carry the height, those of C2SP do not.
	return strings.SplitN(tile.Path(), "/", 4)[3]
}

func tilePath(tile tlog.Tile) string { return fmt.Sprintf("tile/%d/%s", tile.L, indexPath(tile)) }

func bundlePath(tile tlog.Tile) string { return "tile/entries/" + indexPath(tile) }

// full is the whole tile that a partial one may have become meanwhile.
func full(tile tlog.Tile) tlog.Tile {
	tile.W = tileWidth
	return tile
}

// tile reads hashes of a tile. A partial tile may have gone once the full one is there: its hashes are the first of it.
func (s *source) tile(tile tlog.Tile) ([]byte, error) {
	data, err := s.get(tilePath(tile))
	if err != nil || data != nil {
		return data, err
	}
	data, err = s.mustGet(tilePath(full(tile)))
	if err != nil {
		return nil, err
	}
	return data[:min(len(data), tile.W*tlog.HashSize)], nil
}

// entries reads the leaves' entries below a tile of level 0: each after its length, 16 bits, the higher byte first.
func (s *source) entries(tile tlog.Tile) ([][]byte, error) {
	data, err := s.get(bundlePath(tile))
	if err == nil && data == nil {
		data, err = s.mustGet(bundlePath(full(tile)))
	}
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data)-2 < int(data[0])<<8+int(data[1]) {
			return nil, fmt.Errorf("%s ends within an entry", bundlePath(tile))
		}
		size := int(data[0])<<8 + int(data[1])
		entries = append(entries, data[2:2+size])
		data = data[2+size:]
	}
	if len(entries) < tile.W {
		return nil, fmt.Errorf("%s has %d entries instead of %d", bundlePath(tile), len(entries), tile.W)
	}
	return entries[:tile.W], nil
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}
