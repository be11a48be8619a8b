// A connection that httplib reads and writes, with an end to its patience: httplib alone waits anew
// for every byte and reads headers without end.
#pragma once

#include <httplib.h>
#include <sys/types.h>

#include <array>
#include <cstddef>
#include <string>

#include "eventstore/base/clock.h"

namespace caseledger::web {

// Does not own the socket. Not thread-safe.
class SocketStream final : public httplib::Stream {
 public:
  explicit SocketStream(int socket) : socket_(socket) {}

  // From now on at most `most_bytes` are read, and all must be done within `time`.
  void Begin(size_t most_bytes, Micros time);

  // Whether there is anything to read within `time`, be it the end.
  bool AwaitData(Micros time) const;

  // Says that nothing more is written, and takes in the rest of what the peer sends, within bounds:
  // closed before that, the peer could lose what it has not read yet.
  void FinishWriting();

  bool is_readable() const override;
  bool is_writable() const override;
  ssize_t read(char* to, size_t size) override;
  ssize_t write(const char* from, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  int socket() const override { return socket_; }

 private:
  // Waits for poll's `events`; false when the time is up.
  bool Await(short events, Micros until) const;
  // 0 at the end, -1 on an error or when the time is up.
  ssize_t Fill();

  const int socket_;
  Micros deadline_ = 0;  // of MonotonicNow
  size_t allowed_ = 0;
  std::array<char, 4096> buffer_{};
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace caseledger::web
