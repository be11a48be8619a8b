#include "services/app/cli/text/csv.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "services/app/cli/text/utf8.h"

namespace caseledger::cli {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
// Of full width too: spreadsheets of the region take them for the same.
constexpr auto kFormulaStarts =
    std::to_array<std::string_view>({"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"});

// Reads records one after another. Bytes that are not text spoil their record only; where the
// structure is broken, reading resumes at the line after the one that broke it.
class Reader {
 public:
  explicit Reader(std::string_view content) : content_(content) {
    if (content_.starts_with(kByteOrderMark)) offset_ = line_start_ = kByteOrderMark.size();
  }

  CsvFile ReadAll() {
    CsvFile file;
    while (!AtEnd()) {
      if (SkipLineEnd()) continue;
      CsvRecord record;
      issue_.reset();
      if (!ReadRecord(record)) ResumeAfter(broken_);
      if (issue_) {
        file.issues.push_back(*std::move(issue_));
      } else {
        file.records.push_back(std::move(record));
      }
    }
    return file;
  }

 private:
  // The beginning of a line.
  struct Line {
    size_t start = 0;
    size_t number = 1;
  };

  bool AtEnd() const { return offset_ >= content_.size(); }
  char Current() const { return content_[offset_]; }
  bool AtCrLf() const { return content_.substr(offset_).starts_with("\r\n"); }
  bool AtFieldEnd() const { return AtEnd() || Current() == ',' || Current() == '\n' || AtCrLf(); }
  Line CurrentLine() const { return {line_start_, line_}; }

  // Position of here, and of an offset in the line that is being read. Counts on from the last
  // answer, so that a long line is walked through once however often it is asked about.
  TextPosition Here() { return PositionOf(offset_); }
  TextPosition PositionOf(size_t offset) {
    if (counted_to_ < line_start_ || offset < counted_to_) {
      counted_to_ = line_start_;
      counted_ = 0;
    }
    counted_ += CountCharacters(content_.substr(counted_to_, offset - counted_to_));
    counted_to_ = offset;
    return {line_, counted_ + 1};
  }

  void BeginLine(size_t start) {
    offset_ = line_start_ = start;
    ++line_;
  }

  // Moves past LF or CRLF, if one is here.
  bool SkipLineEnd() {
    if (AtEnd() || (Current() != '\n' && !AtCrLf())) return false;
    BeginLine(offset_ + (Current() == '\n' ? 1 : 2));
    return true;
  }

  void ResumeAfter(Line line) {
    line_ = line.number;
    const size_t end = content_.find('\n', line.start);
    BeginLine(end == std::string_view::npos ? content_.size() : end + 1);
  }

  // The record is bad; its structure is not. The first complaint is the one reported.
  void Spoil(TextPosition at, std::string reason) {
    if (!issue_) issue_ = CsvIssue{at, std::move(reason)};
  }

  // The structure is broken in `line`.
  bool Break(TextPosition at, std::string reason, Line line) {
    issue_ = CsvIssue{at, std::move(reason)};
    broken_ = line;
    return false;
  }

  bool ReadRecord(CsvRecord& record) {
    record.at = Here();
    while (true) {
      CsvField field;
      field.at = Here();
      const bool quoted = !AtEnd() && Current() == '"';
      if (!(quoted ? ReadQuoted(field) : ReadPlain(field))) return false;
      record.fields.push_back(std::move(field));
      if (AtEnd() || SkipLineEnd()) return true;
      if (record.fields.size() == kMostFields) {
        return Break(Here(), "more than 256 columns", CurrentLine());
      }
      ++offset_;  // the separator
    }
  }

  // Ends before the separator, the line end or the end of the file.
  bool ReadPlain(CsvField& field) {
    const size_t start = offset_;
    for (; !AtFieldEnd(); ++offset_) {
      if (Current() == '"') {
        return Break(Here(), "a quote inside an unquoted field", CurrentLine());
      }
      if (Current() == '\r') {
        return Break(Here(), "a carriage return without a line feed", CurrentLine());
      }
    }
    TakePiece(start, field);
    return true;
  }

  bool ReadQuoted(CsvField& field) {
    const Line opened = CurrentLine();
    const size_t limit = offset_ + kMostFieldBytes;
    ++offset_;
    while (true) {
      const size_t start = offset_;
      while (!AtEnd() && Current() != '"' && Current() != '\n') ++offset_;
      if (AtEnd()) return Break(field.at, "a quoted field is not closed", opened);
      if (offset_ > limit) {
        return Break(field.at, "a quoted field is not closed within 1 MiB", opened);
      }
      TakePiece(start, field);
      if (Current() == '\n') {
        field.text += '\n';
        BeginLine(offset_ + 1);
        continue;
      }
      ++offset_;
      if (AtFieldEnd()) return true;
      if (Current() != '"') return Break(Here(), "text after a closing quote", CurrentLine());
      field.text += '"';
      ++offset_;
    }
  }

  // Adds what stands between `start` and here, within one line, to the field.
  void TakePiece(size_t start, CsvField& field) {
    const std::string_view text = content_.substr(start, offset_ - start);
    const auto invalid = FirstInvalidUtf8(text);
    const size_t nul = text.find('\0');
    if (invalid && *invalid < nul) {
      Spoil(PositionOf(start + *invalid), "bytes that are not UTF-8");
    } else if (nul != std::string_view::npos) {
      Spoil(PositionOf(start + nul), "a NUL character");
    }
    field.text.append(text);
    if (field.text.size() > kMostFieldBytes) Spoil(field.at, "a field longer than 1 MiB");
  }

  std::string_view content_;
  size_t offset_ = 0;
  size_t line_start_ = 0;
  size_t line_ = 1;
  size_t counted_to_ = 0;          // the line's characters before this offset ...
  size_t counted_ = 0;             // ... are so many
  std::optional<CsvIssue> issue_;  // of the record being read
  Line broken_;                    // where its structure broke
};

}  // namespace

CsvFile ReadCsv(std::string_view content) { return Reader(content).ReadAll(); }

std::string CsvQuote(std::string_view value) {
  if (value.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(value);
  std::string quoted = "\"";
  for (const char c : value) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string CsvSafe(std::string_view text) {
  std::string safe;
  // Programs that split at other characters than commas see a field behind each of these.
  bool at_start = true;
  for (size_t at = 0; at < text.size(); ++at) {
    const std::string_view rest = text.substr(at);
    if (at_start &&
        std::any_of(kFormulaStarts.begin(), kFormulaStarts.end(),
                    [rest](std::string_view start) { return rest.starts_with(start); })) {
      safe += '\'';
    }
    at_start = std::string_view(";\t\r\n").find(text[at]) != std::string_view::npos;
    safe += text[at];
  }
  return safe;
}

}  // namespace caseledger::cli
