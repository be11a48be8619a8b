#include "projections/read_model/keys.h"

namespace caseledger::projections {
namespace {

constexpr uint64_t kSignBit = uint64_t{1} << 63;

uint64_t Ordered(Micros time) { return static_cast<uint64_t>(time) ^ kSignBit; }
Micros Unordered(uint64_t bits) { return static_cast<Micros>(bits ^ kSignBit); }

}  // namespace

KeyBuilder& KeyBuilder::Text(std::string_view text) {
  for (const char c : text) {
    key_.push_back(c);
    if (c == '\0') key_.push_back('\xff');
  }
  key_.append("\0\1", 2);
  return *this;
}

KeyBuilder& KeyBuilder::Number(uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    key_.push_back(static_cast<char>((number >> shift) & 0xff));
  }
  return *this;
}

KeyBuilder& KeyBuilder::Time(Micros time) { return Number(Ordered(time)); }

KeyBuilder& KeyBuilder::TimeDescending(Micros time) { return Number(~Ordered(time)); }

KeyBuilder& KeyBuilder::Id(const Uuid& id) { return Raw(id.raw()); }

KeyBuilder& KeyBuilder::Raw(std::string_view bytes) {
  key_.append(bytes);
  return *this;
}

std::string KeyReader::Text() {
  std::string text;
  for (size_t i = 0; i + 1 < rest_.size(); ++i) {
    if (rest_[i] != '\0') {
      text.push_back(rest_[i]);
      continue;
    }
    const char mark = rest_[++i];
    if (mark == '\1') {
      rest_.remove_prefix(i + 1);
      return text;
    }
    if (mark != '\xff') break;
    text.push_back('\0');
  }
  ok_ = false;
  return "";
}

uint64_t KeyReader::Number() {
  if (!Has(8)) return 0;
  uint64_t number = 0;
  for (size_t i = 0; i < 8; ++i) number = number << 8 | static_cast<uint8_t>(rest_[i]);
  rest_.remove_prefix(8);
  return number;
}

Micros KeyReader::Time() { return Unordered(Number()); }

Micros KeyReader::TimeDescending() { return Unordered(~Number()); }

Uuid KeyReader::Id() {
  if (!Has(16)) return Uuid{};
  const Uuid id = Uuid::FromBytes(rest_.substr(0, 16)).value_or(Uuid{});
  rest_.remove_prefix(16);
  return id;
}

void KeyReader::Skip(size_t count) {
  if (Has(count)) rest_.remove_prefix(count);
}

bool KeyReader::Has(size_t count) {
  ok_ = ok_ && rest_.size() >= count;
  return ok_;
}

std::string EndOfPrefix(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<uint8_t>(end.back()) + 1);
  return end;
}

}  // namespace caseledger::projections
