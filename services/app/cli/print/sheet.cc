#include "services/app/cli/print/sheet.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "eventstore/base/status_macros.h"
#include "services/app/cli/text/csv.h"
#include "services/app/cli/text/time_text.h"

namespace caseledger::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

absl::Status CannotWrite(const std::string& path, const std::string& why) {
  return absl::UnavailableError(
      fmt::format("{}: cannot be written: {}; name a file in a directory of yours", path, why));
}

// A file beside the one to be, with a name of its own, until it is put in place.
class PartialFile {
 public:
  static absl::StatusOr<PartialFile> At(const std::string& path) {
    RETURN_IF_ERROR(SheetFile::CheckFree(path));
    std::string partial = path + ".XXXXXX.partial";
    const int opened = mkostemps(partial.data(), kSuffix, O_CLOEXEC);
    if (opened < 0) return CannotWrite(path, std::strerror(errno));
    return PartialFile(path, partial, opened);
  }
  PartialFile(PartialFile&& other) noexcept
      : path_(std::move(other.path_)),
        partial_(std::exchange(other.partial_, "")),
        file_(std::exchange(other.file_, -1)) {}
  PartialFile& operator=(PartialFile&&) = delete;
  ~PartialFile() {
    if (file_ >= 0) close(file_);
    std::error_code ignored;
    if (!partial_.empty()) fs::remove(partial_, ignored);
  }

  const std::string& path() const { return path_; }
  const std::string& partial() const { return partial_; }
  // The open file; the caller's from now on.
  int Take() { return std::exchange(file_, -1); }

  // Never over what somebody else put there meanwhile.
  absl::Status PutInPlace() {
    if (renameat2(AT_FDCWD, partial_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) == 0) {
      partial_.clear();
      return absl::OkStatus();
    }
    // Where the file system knows no such renaming.
    if (errno == EINVAL && link(partial_.c_str(), path_.c_str()) == 0) return absl::OkStatus();
    return CannotWrite(path_, std::strerror(errno));
  }

 private:
  static constexpr int kSuffix = 8;  // characters of `.partial`

  PartialFile(std::string path, std::string partial, int file)
      : path_(std::move(path)), partial_(std::move(partial)), file_(file) {}

  std::string path_;
  std::string partial_;
  int file_;
};

// As ECMA-376 has it, `_x0041_` in text is a character's number: what looks so and is none is
// written with the underscore as one.
std::string WithoutNumbers(const std::string& text) {
  std::string plain;
  for (size_t at = 0; at < text.size(); ++at) {
    const std::string_view rest = std::string_view(text).substr(at);
    const bool looks_so = rest.starts_with("_x") && rest.size() >= 7 && rest[6] == '_' &&
                          std::all_of(rest.begin() + 2, rest.begin() + 6,
                                      [](unsigned char c) { return std::isxdigit(c) != 0; });
    plain += looks_so ? "_x005F_" : rest.substr(0, 1);
  }
  return plain;
}

// What a worksheet may be called.
std::string SheetName(std::string title) {
  constexpr size_t kMost = 31;
  for (char& c : title) {
    if (std::string_view("[]:*?/\\'").find(c) != std::string_view::npos) c = '-';
  }
  if (title.size() > kMost) title.resize(kMost);
  return title;
}

// Text as a field for programs that may split at other characters than commas, too.
std::string FieldOf(const std::string& text) {
  const std::string safe = CsvSafe(text);
  const std::string field = CsvQuote(safe);
  const bool splits = field == safe && safe.find_first_of(";\t") != std::string::npos;
  return splits ? "\"" + safe + "\"" : field;
}

class CsvSheet final : public SheetFile {
 public:
  CsvSheet(PartialFile file, std::FILE* out) : file_(std::move(file)), out_(out) {}
  ~CsvSheet() override {
    if (out_ != nullptr) std::fclose(out_);
  }

  absl::Status Begin(const std::vector<std::string>& columns) {
    std::string line(kByteOrderMark);
    for (const std::string& column : columns) {
      line += (&column == &columns.front() ? "" : ",") + FieldOf(column);
    }
    return Write(line + "\r\n");
  }

  absl::Status Add(const std::vector<SheetCell>& cells) override {
    std::string line;
    for (const SheetCell& cell : cells) {
      line += (&cell == &cells.front() ? "" : ",") + FieldOf(TextOfCell(cell));
    }
    return Write(line + "\r\n");
  }

  absl::Status Finish() override {
    const bool good = std::fclose(std::exchange(out_, nullptr)) == 0;
    return good ? file_.PutInPlace() : CannotWrite(file_.path(), std::strerror(errno));
  }

 private:
  absl::Status Write(const std::string& text) {
    const bool good = std::fwrite(text.data(), 1, text.size(), out_) == text.size();
    return good ? absl::OkStatus() : CannotWrite(file_.path(), std::strerror(errno));
  }

  PartialFile file_;
  std::FILE* out_;
};

class XlsxSheet final : public SheetFile {
 public:
  XlsxSheet(PartialFile file, lxw_workbook* book) : file_(std::move(file)), book_(book) {}
  ~XlsxSheet() override {
    if (book_ != nullptr) lxw_workbook_free(book_);
  }

  absl::Status Begin(const std::string& title, const std::vector<std::string>& columns) {
    sheet_ = workbook_add_worksheet(book_, SheetName(title).c_str());
    if (sheet_ == nullptr) return absl::InternalError(title + ": cannot name a worksheet");
    lxw_format* heading = workbook_add_format(book_);
    format_set_bold(heading);
    time_ = workbook_add_format(book_);
    format_set_num_format(time_, "yyyy-mm-dd hh:mm");
    columns_ = static_cast<lxw_col_t>(columns.size());
    const lxw_col_t last = static_cast<lxw_col_t>(columns_ - 1);
    RETURN_IF_ERROR(Check(worksheet_set_column(sheet_, 0, last, kColumnWidth, nullptr)));
    for (lxw_col_t at = 0; at < columns_; ++at) {
      RETURN_IF_ERROR(Check(worksheet_write_string(sheet_, 0, at, columns[at].c_str(), heading)));
    }
    worksheet_freeze_panes(sheet_, 1, 0);
    return absl::OkStatus();
  }

  absl::Status Add(const std::vector<SheetCell>& cells) override {
    if (++row_ >= kMostXlsxRows) {
      return absl::ResourceExhaustedError(fmt::format(
          "{}: a worksheet holds {} rows; export to .csv", file_.path(), kMostXlsxRows));
    }
    for (size_t at = 0; at < cells.size(); ++at) {
      RETURN_IF_ERROR(Write(static_cast<lxw_col_t>(at), cells[at]));
    }
    return absl::OkStatus();
  }

  absl::Status Finish() override {
    const lxw_col_t last = static_cast<lxw_col_t>(columns_ - 1);
    RETURN_IF_ERROR(Check(worksheet_autofilter(sheet_, 0, 0, row_, last)));
    RETURN_IF_ERROR(Check(workbook_close(std::exchange(book_, nullptr))));
    return file_.PutInPlace();
  }

 private:
  static constexpr double kColumnWidth = 20;
  static constexpr int kFirstYear = 1900;
  static constexpr int kMostCharacters = 32'767;  // of a cell

  absl::Status Check(lxw_error error) const {
    if (error == LXW_NO_ERROR) return absl::OkStatus();
    if (error == LXW_ERROR_MAX_STRING_LENGTH_EXCEEDED) {
      return absl::ResourceExhaustedError(fmt::format(
          "{}: a cell holds at most {} characters; export to .csv", file_.path(), kMostCharacters));
    }
    return CannotWrite(file_.path(), lxw_strerror(error));
  }

  absl::Status Write(lxw_col_t at, const SheetCell& cell) {
    if (const auto* text = std::get_if<std::string>(&cell)) {
      if (text->empty()) return absl::OkStatus();
      return Check(
          worksheet_write_string(sheet_, row_, at, WithoutNumbers(*text).c_str(), nullptr));
    }
    if (const auto* number = std::get_if<uint64_t>(&cell)) {
      return Check(worksheet_write_number(sheet_, row_, at, static_cast<double>(*number), nullptr));
    }
    if (const auto* decimal = std::get_if<SheetDecimal>(&cell)) {
      double number = 0;
      if (!absl::SimpleAtod(decimal->digits, &number)) {
        return absl::InvalidArgumentError("not a number: " + decimal->digits);
      }
      return Check(worksheet_write_number(sheet_, row_, at, number, nullptr));
    }
    if (const auto* time = std::get_if<SheetTime>(&cell)) {
      const absl::CivilSecond local = absl::ToCivilSecond(
          absl::FromUnixMicros(time->at),
          absl::FixedTimeZone(static_cast<int>(kZoneOffset / kMicrosPerSecond)));
      // Days that spreadsheets do not count.
      if (local.year() < kFirstYear) return Write(at, FormatLocal(time->at));
      lxw_datetime when{static_cast<int>(local.year()),
                        local.month(),
                        local.day(),
                        local.hour(),
                        local.minute(),
                        static_cast<double>(local.second())};
      return Check(worksheet_write_datetime(sheet_, row_, at, &when, time_));
    }
    return absl::OkStatus();
  }

  PartialFile file_;
  lxw_workbook* book_;
  lxw_worksheet* sheet_ = nullptr;
  lxw_format* time_ = nullptr;
  lxw_col_t columns_ = 0;
  lxw_row_t row_ = 0;
};

}  // namespace

std::string TextOfCell(const SheetCell& cell) {
  struct TextOf {
    std::string operator()(std::monostate) const { return ""; }
    std::string operator()(const std::string& text) const { return text; }
    std::string operator()(uint64_t number) const { return std::to_string(number); }
    std::string operator()(const SheetDecimal& number) const { return number.digits; }
    std::string operator()(SheetTime time) const { return FormatLocal(time.at); }
  };
  return std::visit(TextOf{}, cell);
}

absl::Status SheetFile::CheckFree(const std::string& path) {
  std::error_code error;
  if (fs::exists(fs::symlink_status(path, error))) {
    return absl::FailedPreconditionError(
        fmt::format("{}: is there already; remove it or name another file", path));
  }
  const fs::path folder = fs::path(path).parent_path();
  if (access(folder.empty() ? "." : folder.c_str(), W_OK | X_OK) == 0) return absl::OkStatus();
  return CannotWrite(path, std::strerror(errno));
}

absl::StatusOr<std::string> SheetFile::FormatOf(std::string_view path) {
  for (const std::string_view format : {"csv", "xlsx"}) {
    if (path.ends_with(fmt::format(".{}", format)) && path.size() > format.size() + 1) {
      return std::string(format);
    }
  }
  return absl::InvalidArgumentError(
      fmt::format("{}: the name of the file must end in .csv or .xlsx", path));
}

absl::StatusOr<std::unique_ptr<SheetFile>> SheetFile::Create(
    const std::string& path, const std::string& title, const std::vector<std::string>& columns) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(path));
  ASSIGN_OR_RETURN(PartialFile file, PartialFile::At(path));
  const std::string partial = file.partial();
  if (format == "csv") {
    std::FILE* out = fdopen(file.Take(), "w");
    if (out == nullptr) return CannotWrite(path, std::strerror(errno));
    auto sheet = std::make_unique<CsvSheet>(std::move(file), out);
    RETURN_IF_ERROR(sheet->Begin(columns));
    return sheet;
  }
  // Rows go to a file without a name as they come, not to memory.
  lxw_workbook_options options{};
  options.constant_memory = LXW_TRUE;
  lxw_workbook* book = workbook_new_opt(partial.c_str(), &options);
  if (book == nullptr) return CannotWrite(path, "out of memory");
  auto sheet = std::make_unique<XlsxSheet>(std::move(file), book);
  RETURN_IF_ERROR(sheet->Begin(title, columns));
  return sheet;
}

}  // namespace caseledger::cli
