#include "tests/projections/person_search/sample.h"

#include <unicode/locid.h>
#include <unicode/translit.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include "services/app/cli/text/csv.h"

namespace caseledger::projections::person_search::testing {
namespace {

constexpr char kFile[] = "deploy/sample/quang-ninh-2024-h1/persons.csv";

icu::UnicodeString FromUtf8(std::string_view text) {
  return icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
}

std::string ToUtf8(const icu::UnicodeString& text) {
  std::string bytes;
  return text.toUTF8String(bytes);
}

const icu::Transliterator& Transliteration(const char* rules) {
  UErrorCode error = U_ZERO_ERROR;
  return *icu::Transliterator::createInstance(icu::UnicodeString(rules), UTRANS_FORWARD, error);
}

std::string Transliterated(const icu::Transliterator& transliterator, std::string_view text) {
  icu::UnicodeString result = FromUtf8(text);
  transliterator.transliterate(result);
  return ToUtf8(result);
}

bool IsTone(char16_t unit) {
  return std::u16string_view(u"\u0300\u0301\u0303\u0309\u0323").find(unit) !=
         std::u16string_view::npos;
}

}  // namespace

std::vector<PersonText> SamplePersons() {
  std::ifstream file(kFile, std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  std::vector<PersonText> persons;
  const cli::CsvFile csv = cli::ReadCsv(content);
  for (size_t i = 1; i < csv.records.size(); ++i) {
    const auto& fields = csv.records[i].fields;
    persons.push_back({.names = {fields.at(1).text}, .phone = fields.at(4).text});
  }
  return persons;
}

std::string Decompose(std::string_view text) {
  static const icu::Transliterator& decompose = Transliteration("NFD");
  return Transliterated(decompose, text);
}

std::string WithoutMarks(std::string_view text) {
  static const icu::Transliterator& strip = Transliteration("NFD; [:Mn:] Remove; Latin-ASCII; NFC");
  return Transliterated(strip, text);
}

std::string UpperCase(std::string_view text) {
  return ToUtf8(FromUtf8(text).toUpper(icu::Locale("vi")));
}

std::string ToneElsewhere(std::string_view text) {
  // Two vowels that end a word, the tone on the first or on the second of them.
  const icu::UnicodeString decomposed = FromUtf8(Decompose(text));
  std::u16string moved(decomposed.getBuffer(), static_cast<size_t>(decomposed.length()));
  for (const std::u16string_view pair : {u"oa", u"oe", u"uy"}) {
    for (size_t i = 0; i + 2 < moved.size(); ++i) {
      const bool ends = i + 3 >= moved.size() || moved[i + 3] == u' ';
      if (!ends || moved[i] != pair[0] || (i > 0 && moved[i - 1] == u'q')) continue;
      const bool on_second = moved[i + 1] == pair[1] && IsTone(moved[i + 2]);
      const bool on_first = moved[i + 2] == pair[1] && IsTone(moved[i + 1]);
      if (on_first || on_second) std::swap(moved[i + 1], moved[i + 2]);
    }
  }
  const icu::UnicodeString result(moved.data(), static_cast<int32_t>(moved.size()));
  static const icu::Transliterator& compose = Transliteration("NFC");
  return Transliterated(compose, ToUtf8(result));
}

std::vector<std::string> SplitWords(std::string_view text) {
  std::istringstream stream{std::string(text)};
  return {std::istream_iterator<std::string>(stream), {}};
}

std::string JoinWords(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

TestIndex::TestIndex(std::vector<PersonText> persons) : persons_(std::move(persons)) {
  for (size_t i = 0; i < persons_.size(); ++i) {
    for (const BlindToken& token : index_.TokensOf(persons_[i])) holders_[token].insert(i);
  }
}

std::set<size_t> TestIndex::HoldersOfAll(const BlindTokens& tokens) const {
  std::set<size_t> all;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const auto found = holders_.find(tokens[i]);
    if (found == holders_.end()) return {};
    if (i == 0) all = found->second;
    std::erase_if(all, [&](size_t person) { return !found->second.contains(person); });
  }
  return all;
}

Answer TestIndex::Open(const Asked& asked, const std::vector<BlindTokens>& alternatives) const {
  std::set<size_t> candidates;
  for (const BlindTokens& tokens : alternatives) candidates.merge(HoldersOfAll(tokens));
  Answer answer{.candidates = candidates.size()};
  for (const size_t person : candidates) {
    if (const auto fit = FitOf(asked, persons_[person]); fit.has_value()) {
      answer.found.push_back({person, *fit});
    }
  }
  std::stable_sort(answer.found.begin(), answer.found.end(),
                   [](const Found& a, const Found& b) { return a.fit.score > b.fit.score; });
  return answer;
}

Answer TestIndex::Ask(const Asked& asked) const {
  const auto tokens = index_.TokensOf(asked);
  if (!tokens.ok()) return {};
  Answer answer = Open(asked, tokens->strict);
  std::erase_if(answer.found, [](const Found& one) { return one.fit.fit == Fit::kSimilar; });
  answer.common_words_only = tokens->common_words_only;
  return answer;
}

Answer TestIndex::AskWider(const Asked& asked) const {
  const auto tokens = index_.TokensOf(asked);
  if (!tokens.ok()) return {};
  return Open(asked, tokens->wider);
}

size_t TestIndex::Postings() const {
  size_t postings = 0;
  for (const auto& [token, holders] : holders_) postings += holders.size();
  return postings;
}

std::vector<size_t> TestIndex::Frequencies() const {
  std::vector<size_t> frequencies;
  for (const auto& [token, holders] : holders_) frequencies.push_back(holders.size());
  std::sort(frequencies.rbegin(), frequencies.rend());
  return frequencies;
}

}  // namespace caseledger::projections::person_search::testing
