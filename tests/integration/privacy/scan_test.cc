// The scan finds what is planted: without that, finding nothing says nothing.
#include "tests/integration/privacy/scan.h"

#include <filesystem>
#include <memory>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "tests/integration/privacy/traces.h"
#include "tests/integration/support/scratch_directory.h"

namespace caseledger::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kName[] = "Đặng Thị Thuỳ";

std::set<std::string> OfName(const char* name = kName) {
  Traces traces;
  traces.AddName(name);
  return traces.texts();
}

class TheScan : public ::testing::Test {
 protected:
  // A file among others, with other bytes around the text.
  Scan Planted(const std::string& text, const std::set<std::string>& looked_for) {
    const std::string path = directory_ / "some/where";
    fs::create_directories(path);
    WriteWholeFile(path + "/other", "nothing of anybody");
    WriteWholeFile(path + "/planted", "\x01\xff" + text + std::string(1, '\0') + "end");
    return ScanFor(looked_for, directory_.path());
  }
  std::unique_ptr<rocksdb::DB> NewStore() {
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::DB* opened = nullptr;
    const rocksdb::Status status = rocksdb::DB::Open(options, directory_ / "store", &opened);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return std::unique_ptr<rocksdb::DB>(opened);
  }

  ScratchDirectory directory_;
};

TEST_F(TheScan, FindsANameInEveryShape) {
  for (const char* shape : {
           "Đặng Thị Thuỳ", "đặng thị thuỳ", "ĐẶNG THỊ THUỲ", "Dang Thi Thuy", "dang thi thuy",
           "DANG THI THUY",
           "\xC4\x90\x61\xCC\xA3\xCC\x86ng Thi\xCC\xA3 Thuy\xCC\x80",  // NFD
           "\xC4\x91\x61\xCC\xA3\xCC\x86ng thi\xCC\xA3 thuy\xCC\x80",  // and in small letters
           "c490e1bab76e67205468e1bb8b20546875e1bbb3",                 // hexadecimal
           "C490E1BAB76E67205468E1BB8B20546875E1BBB3", "xJDhurduZyBUaOG7iyBUaHXhu7M",  // base64
           "eMSQ4bq3bmcgVGjhu4sgVGh14buz",      // of `x` and the name
           "eHjEkOG6t25nIFRo4buLIFRodeG7s3g=",  // of `xx`, the name and `x`
       }) {
    EXPECT_THAT(Planted(shape, OfName()).found, Not(IsEmpty())) << shape;
  }
  std::string low_byte_first;
  for (const char c : std::string("Dang Thi Thuy")) low_byte_first += {c, '\0'};
  EXPECT_THAT(Planted(low_byte_first, OfName()).found, Not(IsEmpty()));
  for (const char* other : {"Đặng Thị Thu", "Dang Thi Thua", "Đặng  Thị  Thuỳ"}) {
    EXPECT_THAT(Planted(other, OfName()).found, IsEmpty()) << other;
  }
}

TEST_F(TheScan, FindsANumberHoweverItIsWritten) {
  Traces traces;
  traces.AddPhone("+84987001122");
  traces.AddNumber("022190001234");
  for (const char* shape :
       {"+84987001122", "0987001122", "987001122", "0987 001 122", "0987.001.122", "098-700-1122",
        "98 700 1122", "7001122", "022190001234", "022 190 001 234", "022.190.001.234", "90001234",
        "Kzg0OTg3MDAxMTIy"}) {
    EXPECT_THAT(Planted(shape, traces.texts()).found, Not(IsEmpty())) << shape;
  }
  EXPECT_THAT(Planted("0987 001 123, 022190001235", traces.texts()).found, IsEmpty());
}

TEST_F(TheScan, FindsWordsOfATextThatSayNothingElsewhere) {
  Traces traces;
  traces.AddCommon("chị ấy sang hôm qua");
  traces.AddText("Chị ấy trốn sang Quảng Yên hôm qua");
  EXPECT_THAT(Planted("… về Quảng Ninh", traces.texts()).found, Not(IsEmpty()));
  EXPECT_THAT(Planted("QUẢNG", traces.texts()).found, Not(IsEmpty()));
  EXPECT_THAT(Planted("chị ấy sang hôm qua", traces.texts()).found, IsEmpty());
  for (const std::string& text : traces.texts()) EXPECT_GE(text.size(), kShortestTrace);
}

TEST_F(TheScan, FindsWhatOnlyTheNameOfAFileTells) {
  WriteWholeFile(directory_ / "nhap Dang Thi Thuy.csv", "id");
  const Scan scan = ScanFor(OfName(), directory_.path());
  ASSERT_THAT(scan.found, SizeIs(1));
  EXPECT_EQ(scan.found.front().text, "Dang Thi Thuy");
}

// Rows of a store, of which the files alone show nothing.
TEST_F(TheScan, FindsRowsOfAStoreAlsoOnesThatWereDeleted) {
  const std::string filler(200, 'a');
  auto store = NewStore();
  ASSERT_TRUE(store->Put({}, "key", filler + kName + filler).ok());
  ASSERT_TRUE(store->Put({}, "key 2", filler + filler).ok());
  ASSERT_TRUE(store->Flush({}).ok());
  ASSERT_TRUE(store->Delete({}, "key").ok());
  ASSERT_TRUE(store->Flush({}).ok());
  store.reset();
  const Scan scan = ScanFor(OfName(), directory_.path());
  EXPECT_THAT(scan.found, Contains(::testing::Field(&Found::where, HasSubstr(".sst row"))));
  EXPECT_EQ(scan.torn, 0U);
  EXPECT_THAT(ScanFor(OfName("Đỗ Văn Còn"), directory_.path()).found, IsEmpty());
}

TEST_F(TheScan, LooksAtTheBytesOfATableThatAKillLeftUnfinished) {
  WriteWholeFile(directory_ / "000009.sst", std::string("begun ") + kName);
  const Scan scan = ScanFor(OfName(), directory_.path());
  EXPECT_EQ(scan.torn, 1U);
  EXPECT_THAT(scan.found, Not(IsEmpty()));
}

}  // namespace
}  // namespace caseledger::testing
