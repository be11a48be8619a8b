#include "services/web/http/socket_stream.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "eventstore/base/scheduler.h"

namespace caseledger::web {
namespace {

constexpr Micros kMicrosPerMillisecond = 1000;
// What is taken in of a request that was refused unread.
constexpr size_t kMostDiscarded = 256 * 1024;
constexpr Micros kDiscardTime = kMicrosPerSecond / 2;

bool WouldBlock(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

void SocketStream::Begin(size_t most_bytes, Micros time) {
  allowed_ = most_bytes;
  deadline_ = MonotonicNow() + time;
}

bool SocketStream::Await(short events, Micros until) const {
  while (true) {
    const Micros left = until - MonotonicNow();
    pollfd wanted = {socket_, events, 0};
    const int milliseconds = left <= 0 ? 0 : static_cast<int>(left / kMicrosPerMillisecond) + 1;
    const int ready = poll(&wanted, 1, milliseconds);
    if (ready > 0) return true;
    if (left <= 0 || (ready < 0 && errno != EINTR)) return false;
  }
}

bool SocketStream::AwaitData(Micros time) const {
  return begin_ < end_ || Await(POLLIN, MonotonicNow() + time);
}

bool SocketStream::is_readable() const { return begin_ < end_ || Await(POLLIN, deadline_); }
bool SocketStream::is_writable() const { return Await(POLLOUT, deadline_); }

ssize_t SocketStream::Fill() {
  while (true) {
    const ssize_t count = recv(socket_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (count >= 0) {
      begin_ = 0;
      end_ = static_cast<size_t>(count);
      return count;
    }
    if (errno == EINTR) continue;
    if (!WouldBlock(errno) || !Await(POLLIN, deadline_)) return -1;
  }
}

ssize_t SocketStream::read(char* to, size_t size) {
  // Checked for each read, too, so that a peer cannot prolong it byte by byte.
  if (allowed_ == 0 || MonotonicNow() > deadline_) return -1;
  if (begin_ == end_) {
    if (const ssize_t filled = Fill(); filled <= 0) return filled;
  }
  const size_t count = std::min({size, end_ - begin_, allowed_});
  std::memcpy(to, buffer_.data() + begin_, count);
  begin_ += count;
  allowed_ -= count;
  return static_cast<ssize_t>(count);
}

ssize_t SocketStream::write(const char* from, size_t size) {
  size_t written = 0;
  while (written < size) {
    const ssize_t count =
        send(socket_, from + written, size - written, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count >= 0) {
      written += static_cast<size_t>(count);
      if (MonotonicNow() > deadline_) break;
      continue;
    }
    if (errno == EINTR) continue;
    if (!WouldBlock(errno) || !Await(POLLOUT, deadline_)) return -1;
  }
  return written == size ? static_cast<ssize_t>(size) : -1;
}

void SocketStream::FinishWriting() {
  if (shutdown(socket_, SHUT_WR) != 0) return;
  Begin(kMostDiscarded, kDiscardTime);
  std::array<char, 4096> discarded;
  while (read(discarded.data(), discarded.size()) > 0) {
  }
}

void SocketStream::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip.clear();  // nobody asks, and nothing is logged of callers
  port = 0;
}

void SocketStream::get_local_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

}  // namespace caseledger::web
