#include "tests/eventstore/vault/soft_token.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <functional>

#include "absl/strings/str_cat.h"
#include "eventstore/base/random.h"

namespace caseledger::eventstore::testing {
namespace {

constexpr char kModule[] = "/usr/lib/softhsm/libsofthsm2.so";  // of Debian's libsofthsm2
constexpr char kLabel[] = "caseledger test";

CK_UTF8CHAR* Utf8(const std::string& text) {
  return reinterpret_cast<CK_UTF8CHAR*>(const_cast<char*>(text.data()));
}

std::string RandomPin() {
  std::string pin(8, '0');
  for (char& digit : pin) {
    uint8_t byte = 0;
    SystemRandom().Fill(&byte, 1);
    digit = static_cast<char>('0' + byte % 10);
  }
  return pin;
}

// Calls `use` with the module, initialised.
void WithModule(const std::function<void(CK_FUNCTION_LIST&)>& use) {
  const absl::StatusOr<Pkcs11Module> module = LoadPkcs11Module(kModule);
  ASSERT_TRUE(module.ok()) << module.status() << " (deploy/install-packages.sh test)";
  ASSERT_EQ((*module)->C_Initialize(nullptr), CKR_OK);
  use(**module);
  EXPECT_EQ((*module)->C_Finalize(nullptr), CKR_OK);
}

CK_SESSION_HANDLE SessionAt(CK_FUNCTION_LIST& module, CK_SLOT_ID slot) {
  CK_SESSION_HANDLE session = 0;
  EXPECT_EQ(
      module.C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &session),
      CKR_OK);
  return session;
}

// SoftHSM shows a token that is not initialised yet in the last slot.
std::vector<CK_SLOT_ID> Slots(CK_FUNCTION_LIST& module) {
  std::vector<CK_SLOT_ID> slots(16);
  CK_ULONG count = slots.size();
  EXPECT_EQ(module.C_GetSlotList(CK_TRUE, slots.data(), &count), CKR_OK);
  slots.resize(count);
  return slots;
}

void MakeToken(CK_FUNCTION_LIST& module, const std::string& pin) {
  std::string label(32, ' ');
  label.replace(0, sizeof(kLabel) - 1, kLabel);
  const std::string officer_pin = RandomPin();
  const CK_SLOT_ID slot = Slots(module).back();
  ASSERT_EQ(module.C_InitToken(slot, Utf8(officer_pin), officer_pin.size(), Utf8(label)), CKR_OK);
  const CK_SESSION_HANDLE session = SessionAt(module, slot);
  ASSERT_EQ(module.C_Login(session, CKU_SO, Utf8(officer_pin), officer_pin.size()), CKR_OK);
  ASSERT_EQ(module.C_InitPIN(session, Utf8(pin), pin.size()), CKR_OK);
  EXPECT_EQ(module.C_CloseSession(session), CKR_OK);
}

}  // namespace

SoftToken::SoftToken() : pin_(RandomPin()) {
  std::filesystem::create_directory(folder());
  caseledger::testing::WriteWholeFile(
      scratch_ / "softhsm2.conf",
      absl::StrCat("directories.tokendir = ", folder(), "\nobjectstore.backend = file\n",
                   "log.level = ERROR\nslots.removable = false\n"));
  setenv("SOFTHSM2_CONF", (scratch_ / "softhsm2.conf").c_str(), 1);
  WithModule([this](CK_FUNCTION_LIST& module) { MakeToken(module, pin_); });
  options_.module_path = kModule;
  options_.login = {kLabel, scratch_ / "pin"};
  WritePin(pin_);
}

void SoftToken::WritePin(const std::string& pin) const {
  caseledger::testing::WriteWholeFile(options_.login.pin_file, pin + "\n");
  EXPECT_EQ(chmod(options_.login.pin_file.c_str(), 0600), 0);
}

CK_RV SoftToken::Import(std::vector<CK_ATTRIBUTE> attributes) const {
  CK_RV answer = CKR_GENERAL_ERROR;
  WithModule([&](CK_FUNCTION_LIST& module) {
    const CK_SESSION_HANDLE session = SessionAt(module, Slots(module).front());
    EXPECT_EQ(module.C_Login(session, CKU_USER, Utf8(pin_), pin_.size()), CKR_OK);
    CK_OBJECT_HANDLE object = 0;
    answer = module.C_CreateObject(session, attributes.data(), attributes.size(), &object);
    EXPECT_EQ(module.C_CloseSession(session), CKR_OK);
  });
  return answer;
}

CK_RV SoftToken::Read(const Uuid& id, CK_ATTRIBUTE_TYPE type, std::string& value) const {
  CK_RV answer = CKR_GENERAL_ERROR;
  WithModule([&](CK_FUNCTION_LIST& module) {
    const CK_SESSION_HANDLE session = SessionAt(module, Slots(module).front());
    EXPECT_EQ(module.C_Login(session, CKU_USER, Utf8(pin_), pin_.size()), CKR_OK);
    Uuid wanted_id = id;
    CK_ATTRIBUTE wanted = {CKA_ID, wanted_id.bytes.data(), wanted_id.bytes.size()};
    CK_OBJECT_HANDLE object = 0;
    CK_ULONG found = 0;
    EXPECT_EQ(module.C_FindObjectsInit(session, &wanted, 1), CKR_OK);
    EXPECT_EQ(module.C_FindObjects(session, &object, 1, &found), CKR_OK);
    EXPECT_EQ(module.C_FindObjectsFinal(session), CKR_OK);
    EXPECT_EQ(found, 1u);
    value.resize(256);
    CK_ATTRIBUTE asked = {type, value.data(), value.size()};
    answer = module.C_GetAttributeValue(session, object, &asked, 1);
    value.resize(answer == CKR_OK ? asked.ulValueLen : 0);
    EXPECT_EQ(module.C_CloseSession(session), CKR_OK);
  });
  return answer;
}

}  // namespace caseledger::eventstore::testing
