#include "services/access/identity/strict_json.h"

#include <array>
#include <cstdint>
#include <set>
#include <vector>

namespace caseledger::access {
namespace {

using Json = nlohmann::json;

constexpr int kMaxDepth = 16;

// Decides while the parser reads: false drops a value, so `broken` says it of the whole.
class Watch {
 public:
  bool Take(int depth, Json::parse_event_t event, const Json& parsed) {
    if (depth > kMaxDepth) broken = true;
    if (event == Json::parse_event_t::object_start) names_.emplace_back();
    if (event == Json::parse_event_t::object_end) names_.pop_back();
    if (event == Json::parse_event_t::key &&
        !names_.back().insert(parsed.get_ref<const std::string&>()).second) {
      broken = true;
    }
    return true;
  }
  bool broken = false;

 private:
  std::vector<std::set<std::string>> names_;
};

constexpr std::array<int8_t, 256> kDigits = [] {
  std::array<int8_t, 256> digits{};
  digits.fill(-1);
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    digits[static_cast<unsigned char>(kAlphabet[i])] = static_cast<int8_t>(i);
  }
  return digits;
}();

}  // namespace

std::optional<Json> ParseObject(std::string_view text) {
  Watch watch;
  Json parsed = Json::parse(
      text.begin(), text.end(),
      [&](int depth, Json::parse_event_t event, Json& value) {
        return watch.Take(depth, event, value);
      },
      /*allow_exceptions=*/false);
  if (watch.broken || !parsed.is_object()) return std::nullopt;
  return parsed;
}

std::optional<std::string> TextOf(const Json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_string()) return std::nullopt;
  return member->get<std::string>();
}

std::optional<std::string> DecodeBase64Url(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  uint32_t pending = 0;
  int bits = 0;
  for (const char c : text) {
    const int8_t digit = kDigits[static_cast<unsigned char>(c)];
    if (digit < 0) return std::nullopt;
    pending = (pending << 6 | static_cast<uint32_t>(digit)) & 0xFFFF;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<char>(pending >> bits & 0xFF));
  }
  const bool left_over = (pending & ((1U << bits) - 1)) != 0;
  if (bits == 6 || left_over) return std::nullopt;
  return bytes;
}

}  // namespace caseledger::access
