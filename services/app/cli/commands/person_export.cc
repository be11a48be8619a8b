// `privacy export`: what is held about a person, in a directory to be handed to them.
#include <fmt/format.h>

#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "caseledger/v1/privacy.grpc.pb.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/status_macros.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/commands/new_directory.h"
#include "services/app/cli/commands/privacy.h"
#include "services/app/cli/import/ids.h"
#include "services/app/cli/print/json.h"
#include "services/app/cli/print/person_page.h"
#include "services/app/cli/print/progress.h"
#include "services/app/cli/print/text_table.h"

namespace caseledger::cli {
namespace {

constexpr char kLinesFile[] = "data.jsonl";
constexpr char kPageFile[] = "data.html";
constexpr char kReadMeFile[] = "README.txt";

constexpr char kReadMe[] = R"(DỮ LIỆU CÁ NHÂN ĐƯỢC LƯU GIỮ / WHAT IS HELD ABOUT YOU

data.html    Để đọc và in. Mở bằng trình duyệt bất kỳ, không cần mạng.
             To read and to print, with any browser, without a network.
data.jsonl   Cùng dữ liệu cho máy đọc: mỗi dòng một sự kiện (JSON, UTF-8); tên trường theo giao diện
             công khai của Caseledger (proto/caseledger/v1/privacy.proto, PersonDataEvent).
             The same for machines: an event a line (JSON, UTF-8), fields as in Caseledger's public
             interface (proto/caseledger/v1/privacy.proto, PersonDataEvent).

Thư mục này chứa thông tin nhạy cảm. Hãy giữ ở nơi chỉ người nhận đọc được, và xóa khi không cần nữa.
This folder holds sensitive information. Keep it where only its receiver can read it, and delete it
when it is not needed any more.
)";

struct PersonExportOptions {
  std::string person;
  std::string directory;
};

std::string ReasonText(v1::KeptBackReason reason) {
  switch (static_cast<int>(reason)) {
    case v1::KEPT_BACK_REASON_OTHERS:
      return "about others";
    case v1::KEPT_BACK_REASON_ROLE:
      return "in it as somebody who is not cared for: to be told of it may put others in danger";
    case v1::KEPT_BACK_REASON_RULES:
      return "the rules do not show all of it to you";
    default:
      return "";
  }
}

// The files as they are written. Not thread-safe.
class Writer {
 public:
  explicit Writer(const std::string& directory)
      : directory_(directory),
        lines_(directory + "/" + kLinesFile, std::ios::binary),
        html_(directory + "/" + kPageFile, std::ios::binary) {
    std::ofstream(directory + "/" + kReadMeFile, std::ios::binary) << kReadMe;
  }

  void Begin(const std::string& ledger, Micros now) { html_ << PersonPage::Begin(ledger, now); }
  void Add(const v1::PersonDataEvent& event) {
    lines_ << ToJsonLine(ToJson(event));
    html_ << page_.Event(event);
  }
  absl::Status End() {
    html_ << PersonPage::End();
    lines_.close();
    html_.close();
    if (lines_ && html_) return absl::OkStatus();
    return absl::UnavailableError(fmt::format("cannot write into {}", directory_));
  }

 private:
  const std::string directory_;
  std::ofstream lines_;
  std::ofstream html_;
  PersonPage page_;
};

absl::StatusOr<std::vector<v1::PersonDataRecord>> Receive(
    grpc::ClientReader<v1::ExportPersonDataResponse>& stream, const std::string& directory,
    const ClientOptions& options) {
  Writer writer(directory);
  std::vector<v1::PersonDataRecord> records;
  v1::ExportPersonDataResponse page;
  std::optional<Progress> progress;  // none of what is refused
  size_t events = 0;
  bool begun = false;
  while (stream.Read(&page)) {
    if (!begun && page.events_size() > 0) {
      writer.Begin(page.events(0).event().ledger(), SystemClock().Now());
      begun = true;
    }
    for (const v1::PersonDataEvent& event : page.events()) writer.Add(event);
    events += static_cast<size_t>(page.events_size());
    if (!progress.has_value()) progress.emplace("events", 0);
    progress->AdvanceTo(events, events);
    for (v1::PersonDataRecord& record : *page.mutable_records()) {
      records.push_back(std::move(record));
    }
  }
  RETURN_IF_ERROR(CallStatus(stream.Finish(), options));
  RETURN_IF_ERROR(writer.End());
  return records;
}

void Print(const std::vector<v1::PersonDataRecord>& records) {
  TextTable table({{"record"}, {"id"}, {"events given"}, {"kept back"}, {"why not"}});
  for (const v1::PersonDataRecord& record : records) {
    table.AddRow({KindName(record.record_kind()), record.record_id(),
                  std::to_string(record.events_given()), std::to_string(record.events_kept_back()),
                  ReasonText(record.reason())});
  }
  fmt::print("{}", table.ToString());
}

Json ToJsonReport(const std::vector<v1::PersonDataRecord>& records, const std::string& directory) {
  Json report{{"directory", directory}, {"records", Json::array()}};
  for (const v1::PersonDataRecord& record : records) report["records"].push_back(ToJson(record));
  return report;
}

absl::StatusOr<int> ExportPerson(const PersonExportOptions& chosen, const ClientOptions& options) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "table", {"table", "json"}));
  ASSIGN_OR_RETURN(NewDirectory target, NewDirectory::At(chosen.directory));
  const Connection connection(options);
  const auto stub = v1::PrivacyService::NewStub(connection.channel());
  v1::ExportPersonDataRequest request;
  request.set_ledger(options.ledger);
  request.set_person_id(chosen.person);
  grpc::ClientContext context;
  connection.PrepareStream(context);
  const auto stream = stub->ExportPersonData(&context, request);
  const auto finish = [&]() -> absl::StatusOr<std::vector<v1::PersonDataRecord>> {
    RETURN_IF_ERROR(target.Make());
    ASSIGN_OR_RETURN(auto records, Receive(*stream, target.partial(), options));
    RETURN_IF_ERROR(target.PutInPlace());
    return records;
  };
  const auto records = finish();
  if (!records.ok()) {
    context.TryCancel();
    return records.status();
  }
  if (format == "json") {
    fmt::print("{}", ToDocument(ToJsonReport(*records, target.directory())));
  } else {
    Print(*records);
  }
  fmt::print(stderr,
             "Written to {}. Before it is handed over: read it through, look at what was kept back "
             "(this list is not for the person), and at the rules of safe contact.\n"
             "Then record the answer, so that the deadline is met.\n",
             target.directory());
  return kExitGood;
}

}  // namespace

void AddPersonExportCommand(CLI::App& group, Chosen& chosen) {
  CLI::App* command = group.add_subcommand(
      "export",
      "Write what is held about a person to a new directory, to be handed to them: to read, and "
      "for machines.");
  command->footer(
      "What is about others, too, tells who turned to the centre or where a shelter is, is kept "
      "back and\ncounted.\n\nExample:\n"
      "  caseledger privacy export PERSON --to DIR --purpose data_protection");
  auto options = std::make_shared<PersonExportOptions>();
  command->add_option("PERSON", options->person, "UUID or external reference")->required();
  command->add_option("--to", options->directory, "New directory")->required();
  command->callback([options, &chosen] {
    chosen.action = [options](const ClientOptions& client) {
      return ExportPerson(*options, client);
    };
  });
}

}  // namespace caseledger::cli
