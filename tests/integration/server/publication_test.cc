// Publishing reports over gRPC: who sees which figures, what is refused, and that nothing published
// changes.
#include <algorithm>

#include "caseledger/v1/batch.grpc.pb.h"
#include "caseledger/v1/history.pb.h"
#include "caseledger/v1/publication.pb.h"
#include "eventstore/base/uuid.h"
#include "eventstore/verifiable/merkle.h"
#include "gmock/gmock.h"
#include "tests/integration/support/server_fixture.h"

namespace caseledger::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kCalls[] = R"(
report_id: 'calls' version: 1 time_zone: 'Asia/Ho_Chi_Minh' label_vi: 'Cuộc gọi' label_en: 'Calls'
indicators { row: 'A' unit: 'contact' label_vi: 'a' label_en: 'a' fact: 'contact_ended'
  by { field: 'contact.channel' } }
indicators { row: 'B' parent: 'A' unit: 'contact' label_vi: 'b' label_en: 'b'
  filters { field: 'outcome' any_of: 'silent' } }
indicators { row: 'C' parent: 'A' unit: 'contact' label_vi: 'c' label_en: 'c'
  filters { field: 'outcome' any_of: 'counselled' } }
identities { row: 'A' sum_of: 'B' sum_of: 'C' }
ratios { ratio: 'S' label_vi: 's' label_en: 'silent' of: 'B' among: 'A' }
ratios { ratio: 'T' label_vi: 't' label_en: 'twice' of: 'B' among: 'B' per: 2 })";

const Who kSteward{"nhap-lieu", "so-qn", "data_steward"};
// May also void what they loaded.
const Who kLoader{"quan-tri-2", "so-qn", "data_steward,administrator"};
const Who kViewer{"xem", "so-qn", "dashboard_viewer"};

Hash256 ToHash(const std::string& bytes) {
  Hash256 hash;
  EXPECT_EQ(bytes.size(), hash.bytes.size());
  std::copy_n(bytes.begin(), std::min(bytes.size(), hash.bytes.size()), hash.bytes.begin());
  return hash;
}

class Publishing : public ServerTest {
 protected:
  void Begin() {
    RegisterAgency("ctxh-qn");
    steward_ = std::make_unique<Client>(cast(), "", kSteward);
    viewer_ = std::make_unique<Client>(cast(), "", kViewer);
    steward_->Admit(kSteward);
    viewer_->Admit(kViewer);
    Load("calls", kCalls);
  }
  void Load(const std::string& name, const std::string& text) {
    v1::Command definition = CommandOf("report/" + name, "report_definition_loaded {}");
    definition.mutable_fact()->mutable_report_definition_loaded()->set_text(text);
    client().Admit(kLoader);
    const auto loaded = client().Send(definition, kLoader);
    EXPECT_TRUE(loaded.ok()) << loaded.status.error_message();
  }
  void Calls(int count, const std::string& channel, const std::string& outcome) {
    for (int i = 0; i < count; ++i) {
      const std::string contact =
          client().Record("", "contact_received { channel: '" + channel + "' }").record_id();
      client().Record(contact, "contact_ended { outcome: CONTACT_OUTCOME_" + outcome + " }");
    }
  }
  // Of the period from 1970 until now.
  v1::PublishReportRequest RequestFor(const std::string& report, int64_t until) {
    v1::PublishReportRequest request;
    request.mutable_header()->set_request_id(Uuid::Generate(clock_, SystemRandom()).ToString());
    request.set_publication_id("reports");
    request.mutable_fact()->set_report_id(report);
    request.mutable_fact()->mutable_from_time()->set_seconds(1);
    *request.mutable_fact()->mutable_to_time() = Seconds(until);
    return request;
  }
  Answer<v1::CommandResult> Send(const v1::PublishReportRequest& request) const {
    Answer<v1::CommandResult> answer;
    grpc::ByteBuffer reply;
    answer.status = steward_->CallRaw("/caseledger.v1.PublicationService/PublishReport",
                                      Client::ToBytes(request), reply);
    if (answer.ok()) Client::Parse(reply, answer.value);
    return answer;
  }
  // Its number.
  uint32_t Publish(const v1::PublishReportRequest& request) const {
    const auto answer = Send(request);
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    return static_cast<uint32_t>(answer.value.revision());
  }
  void ExpectRefusal(const v1::PublishReportRequest& request, grpc::StatusCode code,
                     const std::string& reason) const {
    const auto answer = Send(request);
    EXPECT_EQ(answer.status.error_code(), code) << answer.status.error_message();
    EXPECT_EQ(Explain(answer.status).reason, reason) << answer.status.error_message();
  }
  static Answer<v1::GetPublishedReportResponse> Get(const Client& asker, uint32_t number) {
    v1::GetPublishedReportRequest request;
    request.set_number(number);
    return asker.Call<v1::GetPublishedReportResponse>("PublicationService/GetPublishedReport",
                                                      request);
  }
  static std::vector<std::string> FiguresOf(const v1::GetPublishedReportResponse& report) {
    std::vector<std::string> figures;
    for (const v1::PublishedFigure& figure : report.figures()) {
      std::string text = figure.row();
      for (const std::string& value : figure.group()) text += "|" + value;
      text += figure.has_value() ? "=" + std::to_string(figure.value()) : "=?";
      if (figure.withheld()) text += " withheld";
      if (figure.has_value_before()) text += " was " + std::to_string(figure.value_before());
      figures.push_back(text);
    }
    return figures;
  }
  static std::vector<std::string> RatiosOf(const v1::GetPublishedReportResponse& report) {
    std::vector<std::string> ratios;
    for (const v1::RatioFigure& ratio : report.ratios()) {
      std::string text = ratio.ratio();
      for (const std::string& value : ratio.group()) text += "|" + value;
      ratios.push_back(text + "=" + ratio.value() + (ratio.withheld() ? " withheld" : ""));
    }
    return ratios;
  }
  v1::ListPublishedReportsResponse List(const Client& asker, int64_t page_size = 0,
                                        const std::string& token = "") const {
    v1::ListPublishedReportsRequest request;
    request.set_page_size(page_size);
    request.set_page_token(token);
    request.set_count_total(true);
    const auto answer = asker.Call<v1::ListPublishedReportsResponse>(
        "PublicationService/ListPublishedReports", request);
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    return answer.value;
  }

  std::unique_ptr<Client> steward_;
  std::unique_ptr<Client> viewer_;
};

TEST_F(Publishing, WithholdsFromViewersWhatIsSmallAndWhatWouldGiveItAway) {
  Begin();
  EXPECT_THAT(List(*viewer_).publications(), IsEmpty());
  EXPECT_EQ(Get(*viewer_, 1).status.error_code(), grpc::StatusCode::NOT_FOUND);
  Calls(12, "phone", "SILENT");
  Calls(2, "sms", "COUNSELLED");
  AdvanceSeconds(10);
  const auto request = RequestFor("calls", now_seconds());
  EXPECT_EQ(Publish(request), 1u);

  const auto exact = Get(*steward_, 1);
  ASSERT_TRUE(exact.ok()) << exact.status.error_message();
  EXPECT_THAT(FiguresOf(exact.value),
              ElementsAre("A=14 withheld", "A|phone=12", "A|sms=2 withheld", "B=12", "B|phone=12",
                          "C=2 withheld", "C|sms=2 withheld"));
  const auto seen = Get(*viewer_, 1);
  ASSERT_TRUE(seen.ok()) << seen.status.error_message();
  EXPECT_THAT(FiguresOf(seen.value),
              ElementsAre("A=? withheld", "A|phone=12", "B=12", "B|phone=12", "C=? withheld"));
  EXPECT_TRUE(seen.value.figures(0).groups_withheld());
  EXPECT_FALSE(seen.value.figures(1).groups_withheld());

  EXPECT_THAT(RatiosOf(exact.value), ElementsAre("S=85.7 withheld", "S|phone=100.0",
                                                 "S|sms=0.0 withheld", "T=2.0", "T|phone=2.0"));
  EXPECT_THAT(RatiosOf(seen.value),
              ElementsAre("S= withheld", "S|phone=100.0", "T=2.0", "T|phone=2.0"));
  EXPECT_EQ(seen.value.label_vi(), "Cuộc gọi");
  EXPECT_EQ(seen.value.publication().smallest_shown(), 5u);

  // The same request again publishes nothing twice, whatever was recorded meanwhile.
  Calls(1, "phone", "SILENT");
  EXPECT_EQ(Publish(request), 1u);
  EXPECT_THAT(List(*viewer_).publications(), SizeIs(1));
  // A replay of what was published is for who may see exact figures.
  v1::ReplayRecordRequest replay;
  replay.set_record_kind(options::v1::RECORD_KIND_PUBLICATION);
  replay.set_record_id("reports");
  grpc::ByteBuffer reply;
  EXPECT_FALSE(
      viewer_->CallRaw("/caseledger.v1.HistoryService/ReplayRecord", Client::ToBytes(replay), reply)
          .ok());
}

TEST_F(Publishing, RestatesWithAReasonAndKeepsWhatWasPublished) {
  Begin();
  Calls(12, "phone", "SILENT");
  Calls(9, "phone", "COUNSELLED");
  AdvanceSeconds(10);
  const int64_t until = now_seconds();
  EXPECT_EQ(Publish(RequestFor("calls", until)), 1u);
  const auto first = Get(*viewer_, 1);
  EXPECT_THAT(FiguresOf(first.value),
              ElementsAre("A=21", "A|phone=21", "B=12", "B|phone=12", "C=9", "C|phone=9"));
  ExpectRefusal(RequestFor("calls", until), grpc::StatusCode::FAILED_PRECONDITION,
                "RESTATEMENT_NEEDS_REASON");
  // Entered late.
  v1::Command received = CommandOf("", "contact_received { channel: 'phone' }");
  *received.mutable_header()->mutable_occurred_time() = Seconds(until - 6);
  v1::Command end = CommandOf(client().Record(received).record_id(),
                              "contact_ended { outcome: CONTACT_OUTCOME_COUNSELLED }");
  *end.mutable_header()->mutable_occurred_time() = Seconds(until - 5);
  client().Record(end);

  auto again = RequestFor("calls", until);
  // As some keyboards write it: kept as all text is.
  again.mutable_fact()->set_reason("nha\xcc\xa3\xcc\x82p muo\xcc\xa3\xcc\x82n");
  EXPECT_EQ(Publish(again), 2u);
  const auto second = Get(*viewer_, 2);
  ASSERT_TRUE(second.ok()) << second.status.error_message();
  EXPECT_THAT(FiguresOf(second.value),
              ElementsAre("A=22 was 21", "A|phone=22 was 21", "B=12 was 12", "B|phone=12 was 12",
                          "C=10 was 9", "C|phone=10 was 9"));
  EXPECT_EQ(second.value.publication().restates(), 1u);
  EXPECT_EQ(second.value.publication().reason(), "nhập muộn");
  auto kept = Get(*viewer_, 1);
  EXPECT_EQ(kept.value.publication().restated_by(), 2u);
  EXPECT_EQ(FiguresOf(kept.value), FiguresOf(first.value));
  // As the ledger knew it then.
  auto as_then = RequestFor("calls", until);
  as_then.mutable_fact()->set_reason("như lần đầu");
  as_then.mutable_fact()->set_reflected_events(first.value.publication().reflected_events());
  EXPECT_EQ(Publish(as_then), 3u);
  EXPECT_EQ(FiguresOf(Get(*viewer_, 3).value)[0], "A=21 was 22");

  const auto all = List(*viewer_, 2);
  ASSERT_THAT(all.publications(), SizeIs(2));
  EXPECT_EQ(all.total_size(), 3U);
  EXPECT_EQ(all.publications(0).number(), 3u);
  EXPECT_EQ(all.publications(1).restated_by(), 3u);
  const auto rest = List(*viewer_, 2, all.next_page_token());
  ASSERT_THAT(rest.publications(), SizeIs(1));
  EXPECT_EQ(rest.publications(0).number(), 1u);
  EXPECT_EQ(rest.next_page_token(), "");
  const auto numbers = [&](const std::string& order_by) {
    v1::ListPublishedReportsRequest request;
    request.set_order_by(order_by);
    const auto answer = viewer_->Call<v1::ListPublishedReportsResponse>(
        "PublicationService/ListPublishedReports", request);
    std::vector<uint32_t> found;
    for (const v1::Publication& one : answer.value.publications()) found.push_back(one.number());
    return answer.ok() ? found : std::vector<uint32_t>{0};
  };
  EXPECT_THAT(numbers("published_time desc"), ElementsAre(3, 2, 1));
  EXPECT_THAT(numbers("published_time"), ElementsAre(1, 2, 3));
  EXPECT_THAT(numbers("from_time"), ElementsAre(3, 2, 1)) << "of one period the newest first";
  EXPECT_THAT(numbers("name"), ElementsAre(0));
  Restart();
  viewer_ = std::make_unique<Client>(cast(), "", kViewer);
  EXPECT_EQ(FiguresOf(Get(*viewer_, 2).value), FiguresOf(second.value));
}

TEST_F(Publishing, IsRefusedWhereItWouldBeWrong) {
  Begin();
  Calls(1, "phone", "SILENT");
  AdvanceSeconds(10);
  const int64_t now = now_seconds();
  ExpectRefusal(RequestFor("calls", now + 30), grpc::StatusCode::FAILED_PRECONDITION,
                "PUBLICATION_PERIOD_NOT_OVER");
  ExpectRefusal(RequestFor("calls", 0), grpc::StatusCode::INVALID_ARGUMENT, "INVALID_REQUEST");
  EXPECT_EQ(Send(RequestFor("nothing", now)).status.error_code(), grpc::StatusCode::NOT_FOUND);
  auto elsewhere = RequestFor("calls", now);
  elsewhere.set_publication_id("others");
  ExpectRefusal(elsewhere, grpc::StatusCode::INVALID_ARGUMENT, "PUBLICATIONS_NAMED_OTHERWISE");
  auto beyond = RequestFor("calls", now);
  beyond.mutable_fact()->set_reflected_events(1'000'000);
  ExpectRefusal(beyond, grpc::StatusCode::OUT_OF_RANGE, "POSITION_PAST_END");
  auto forged = RequestFor("calls", now);
  forged.mutable_fact()->add_rows()->set_value(7);
  ExpectRefusal(forged, grpc::StatusCode::INVALID_ARGUMENT, "INVALID_REQUEST");
  // As a fact among others no more than as a command of its own by who sees no exact figures.
  v1::ExecuteRequest batch;
  *batch.add_commands() =
      CommandOf("reports",
                "report_published { report_id: 'calls' from_time { seconds: 1 } "
                "to_time { seconds: 2 } }");
  grpc::ClientContext context;
  steward_->Prepare(context);
  const auto stub = v1::BatchService::NewStub(steward_->channel());
  const auto stream = stub->Execute(&context);
  v1::ExecuteResponse answer;
  ASSERT_TRUE(stream->Write(batch) && stream->WritesDone() && stream->Read(&answer));
  EXPECT_EQ(ExplainStatus(answer.answers(0).error()).reason, "SERVER_FACT_ONLY");
  EXPECT_TRUE(stream->Finish().ok());
  grpc::ByteBuffer reply;
  EXPECT_EQ(viewer_
                ->CallRaw("/caseledger.v1.PublicationService/PublishReport",
                          Client::ToBytes(RequestFor("calls", now)), reply)
                .error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  // A prank call is in no part of the whole.
  Calls(1, "phone", "PRANK");
  AdvanceSeconds(10);
  ExpectRefusal(RequestFor("calls", now_seconds()), grpc::StatusCode::FAILED_PRECONDITION,
                "IDENTITY_BROKEN");
  EXPECT_THAT(List(*viewer_).publications(), IsEmpty());

  EXPECT_EQ(Publish(RequestFor("calls", now)), 1u);
  const auto history = auditor().Replay();
  v1::Command undo = CommandOf("reports", "event_voided { target_event_id: '" +
                                              history.value.back().event_id() + "' reason: 'x' }");
  undo.set_record_kind(options::v1::RECORD_KIND_PUBLICATION);
  const auto voided = client().Send(undo, kSteward);
  EXPECT_FALSE(voided.ok());
}

TEST_F(Publishing, KeepsItsDefinitionWhateverBecomesOfIt) {
  Begin();
  Calls(12, "phone", "SILENT");
  Calls(9, "phone", "COUNSELLED");
  AdvanceSeconds(10);
  const int64_t until = now_seconds();
  EXPECT_EQ(Publish(RequestFor("calls", until)), 1u);
  const auto before = Get(*viewer_, 1);
  const auto history = auditor().Replay();
  const auto loaded =
      std::find_if(history.value.begin(), history.value.end(), [](const v1::RecordedEvent& event) {
        return event.fact_name() == "report_definition_loaded";
      });
  ASSERT_NE(loaded, history.value.end());
  v1::Command undo = CommandOf("report/calls", "event_voided { target_event_id: '" +
                                                   loaded->event_id() + "' reason: 'wrong' }");
  undo.set_record_kind(options::v1::RECORD_KIND_DEFINITION);
  const auto voided = client().Send(undo, kLoader);
  ASSERT_TRUE(voided.ok()) << voided.status.error_message();
  auto again = RequestFor("calls", until);
  again.mutable_fact()->set_reason("x");
  EXPECT_EQ(Send(again).status.error_code(), grpc::StatusCode::NOT_FOUND);
  // Another text under the same name and version, with other rows.
  std::string other = kCalls;
  other.replace(other.find("row: 'B'"), 8, "row: 'D'");
  other.replace(other.find("sum_of: 'B'"), 11, "sum_of: 'D'");
  other.erase(other.find("ratios"));
  Load("calls", other);
  const auto kept = Get(*viewer_, 1);
  ASSERT_TRUE(kept.ok()) << kept.status.error_message();
  EXPECT_EQ(FiguresOf(kept.value), FiguresOf(before.value));
  EXPECT_EQ(Publish(again), 2u);
  EXPECT_EQ(FiguresOf(Get(*viewer_, 2).value)[2], "D=12");
}

TEST_F(Publishing, NamesTheTreeItRestsOn) {
  Begin();
  Calls(6, "phone", "SILENT");
  AdvanceSeconds(10);
  Publish(RequestFor("calls", now_seconds()));
  const v1::Publication published = Get(*viewer_, 1).value.publication();
  EXPECT_EQ(published.position(), published.reflected_events());
  EXPECT_THAT(published.root(), SizeIs(32));
  // An auditor proves the last event it rests on to that root.
  v1::GetInclusionProofRequest request;
  request.set_position(published.reflected_events() - 1);
  request.set_tree_size(published.reflected_events());
  const auto proof =
      viewer_->Call<v1::GetInclusionProofResponse>("HistoryService/GetInclusionProof", request);
  ASSERT_TRUE(proof.ok()) << proof.status.error_message();
  eventstore::MerkleProof hashes;
  for (const std::string& hash : proof.value.hashes()) hashes.push_back(ToHash(hash));
  EXPECT_TRUE(eventstore::VerifyInclusion(request.position(), request.tree_size(),
                                          ToHash(proof.value.leaf_hash()), hashes,
                                          ToHash(published.root()))
                  .ok());
}

}  // namespace
}  // namespace caseledger::testing
