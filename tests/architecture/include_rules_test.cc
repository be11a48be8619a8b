// The tree keeps its layers, and the test that says so can fail.
#include "tests/architecture/include_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/architecture/source_tree.h"

namespace caseledger::architecture {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<SourceFile> Layers() {
  return ReadTree({"eventstore", "projections", "services"}, {".h", ".cc"});
}

std::vector<std::string> ViolationsOf(const std::string& path, const std::string& text) {
  return IncludeViolations({path, text});
}

TEST(Includes, TheTreeIsRead) {
  const std::vector<SourceFile> files = Layers();
  EXPECT_GT(files.size(), 20U) << "run from the top of the source tree";
}

TEST(Includes, PointOneWayEverywhere) {
  for (const SourceFile& file : Layers()) EXPECT_THAT(IncludeViolations(file), IsEmpty());
}

TEST(Includes, TheDomainNeverReadsPersonalDataOrAClock) {
  for (const SourceFile& file : Layers()) EXPECT_THAT(PurityViolations(file), IsEmpty());
}

TEST(PlantedInclude, EventstoreOfServicesIsFound) {
  EXPECT_THAT(
      ViolationsOf("eventstore/codec/x.cc", "// why\n#include \"services/domain/event.h\"\n"),
      ElementsAre("eventstore/codec/x.cc:2: includes services/domain/event.h: includes "
                  "point one way"));
}

TEST(PlantedInclude, AgainstTheLayersIsFound) {
  struct Case {
    std::string path;
    std::string header;
  };
  const std::vector<Case> forbidden = {
      {"eventstore/log.h", "projections/runtime/runtime.h"},
      {"eventstore/log.h", "caseledger/v1/common.pb.h"},
      {"projections/case_list/case_list.cc", "services/domain/timeline.h"},
      {"projections/case_list/case_list.cc", "caseledger/storage/v1/envelope.pb.h"},
      {"projections/case_list/case_list.cc", "projections/read_model/rocksdb/store.h"},
      {"services/domain/contact/contact.cc", "eventstore/base/clock.h"},
      {"services/domain/contact/contact.cc", "services/commands/processor.h"},
      {"services/domain/contact/contact.cc", "caseledger/v1/common.pb.h"},
      {"services/domain/contact/contact.cc", "absl/time/clock.h"},
      {"services/access/policy.cc", "services/commands/processor.h"},
      {"services/commands/processor.cc", "services/rpc/status.h"},
      {"services/commands/processor.cc", "services/timers/timers.h"},
      {"services/commands/processor.cc", "caseledger/v1/intake.grpc.pb.h"},
      {"services/rpc/intake.cc", "services/app/server.h"},
      {"services/rpc/intake.cc", "services/timers/timers.h"},
      {"services/app/cli/commands/case_command.cc", "services/domain/event.h"},
      {"services/rpc/intake.cc", "eventstore/engine/memory/memory_engine.h"},
      {"services/rpc/intake.cc", "tests/support/fake_clock.h"},
      {"eventstore/sequencer/sequencer.cc", "eventstore/engine/rocksdb/rocksdb_engine.h"},
      {"eventstore/engine/memory/memory_engine.cc", "eventstore/engine/rocksdb/keys.h"},
      {"services/unheard_of/x.cc", "services/domain/event.h"},
  };
  for (const Case& c : forbidden) {
    EXPECT_THAT(ViolationsOf(c.path, "#include \"" + c.header + "\"\n"), testing::SizeIs(1))
        << c.path << " includes " << c.header;
  }
}

TEST(PlantedInclude, ByARelativePathIsFound) {
  for (const std::string header : {"../app/server/server.h", "./status.h", "status.h",
                                   "services/domain/../app/server/server.h"}) {
    EXPECT_THAT(ViolationsOf("services/rpc/replay.cc", "#include \"" + header + "\"\n"),
                ElementsAre(HasSubstr("from the top of the tree")))
        << header;
  }
}

TEST(PlantedInclude, IsFoundHoweverTheDirectiveIsSpaced) {
  for (const std::string directive :
       {"#include\"services/app/server/server.h\"", "  #include  \"services/app/server/server.h\"",
        "#  include \"services/app/server/server.h\"  // why"}) {
    EXPECT_THAT(ViolationsOf("services/rpc/replay.cc", directive + "\n"),
                ElementsAre(HasSubstr("one way")))
        << directive;
  }
}

TEST(PlantedInclude, OfForeignCodeIsFound) {
  EXPECT_THAT(ViolationsOf("services/domain/x.cc", "#include <random>\n"),
              ElementsAre(HasSubstr("pure")));
  EXPECT_THAT(ViolationsOf("services/domain/x.cc", "#include <spdlog/spdlog.h>\n"),
              ElementsAre(HasSubstr("only event protos")));
  EXPECT_THAT(ViolationsOf("services/commands/x.cc", "#include <grpcpp/grpcpp.h>\n"),
              ElementsAre(HasSubstr("gRPC")));
  EXPECT_THAT(ViolationsOf("eventstore/codec/x.cc", "#include <rocksdb/db.h>\n"),
              ElementsAre(HasSubstr("RocksDB")));
  EXPECT_THAT(ViolationsOf("eventstore/vault/x.cc", "#include <p11-kit/pkcs11.h>\n"),
              ElementsAre(HasSubstr("PKCS#11")));
}

TEST(PlantedInclude, AlongTheLayersIsAllowed) {
  EXPECT_THAT(ViolationsOf("services/domain/contact/contact.cc",
                           "#include <string>\n#include \"absl/status/status.h\"\n"
                           "#include \"caseledger/event/v1/fact.pb.h\"\n"
                           "#include \"services/domain/event.h\"\n"),
              IsEmpty());
  EXPECT_THAT(ViolationsOf("services/app/server/main.cc",
                           "#include \"eventstore/engine/rocksdb/rocksdb_engine.h\"\n"
                           "#include \"services/rpc/intake.h\"\n#include <grpcpp/grpcpp.h>\n"),
              IsEmpty());
  EXPECT_THAT(ViolationsOf("eventstore/engine/rocksdb/rocksdb_engine.cc",
                           "#include \"eventstore/engine/rocksdb/keys.h\"\n"
                           "#include <rocksdb/db.h>\n"),
              IsEmpty());
  EXPECT_THAT(ViolationsOf("eventstore/vault/keys/pkcs11/x.cc", "#include <p11-kit/pkcs11.h>\n"),
              IsEmpty());
  EXPECT_THAT(ViolationsOf("tests/contract/engines.h",
                           "#include \"eventstore/engine/memory/memory_engine.h\"\n"),
              IsEmpty());
}

TEST(PlantedImpurity, OfAClockIsFound) {
  EXPECT_THAT(PurityViolations(
                  {"services/domain/x.cc", "const auto now = std::chrono::system_clock::now();\n"}),
              ElementsAre(HasSubstr("never from a clock")));
  EXPECT_THAT(PurityViolations({"services/domain/x.cc", "std::time(nullptr);\n"}),
              ElementsAre(HasSubstr("never from a clock")));
  EXPECT_THAT(PurityViolations({"services/domain/x.cc", "fact.occurred_time();\n"}), IsEmpty());
}

TEST(PlantedImpurity, OfAPrivateReadIsFoundInCodeAndNotInComments) {
  EXPECT_THAT(PurityViolations({"services/domain/x.cc",
                                "// never private_part\nauto x = fact.private_part().text();\n"}),
              ElementsAre(HasSubstr("x.cc:2:")));
  EXPECT_THAT(PurityViolations({"services/domain/x.cc", "PlanDrafted_Private copy;\n"}),
              ElementsAre(HasSubstr("x.cc:1:")));
  EXPECT_THAT(PurityViolations({"services/domain/x.cc", "plan.mutable_private_part();\n"}),
              ElementsAre(HasSubstr("x.cc:1:")));
  EXPECT_THAT(PurityViolations({"services/domain/x.h", "/* Private */ class A {\n private:\n};\n"}),
              IsEmpty());
  EXPECT_THAT(PurityViolations({"services/commands/x.cc", "fact.private_part();\n"}), IsEmpty());
}

}  // namespace
}  // namespace caseledger::architecture
