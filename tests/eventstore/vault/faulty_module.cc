#include "tests/eventstore/vault/faulty_module.h"

#include <memory>
#include <utility>

namespace caseledger::eventstore::testing {
namespace {

// PKCS#11's functions know no object they belong to.
Pkcs11Module& Real() {
  static auto& real = *new Pkcs11Module();
  return real;
}

// The fault, which is over then.
CK_RV Take(CK_RV& fault) { return std::exchange(fault, CK_RV{CKR_OK}); }

CK_RV OpenSession(CK_SLOT_ID slot, CK_FLAGS flags, void* application, CK_NOTIFY notify,
                  CK_SESSION_HANDLE* session) {
  ++Faults().sessions;
  const CK_RV fault = Take(Faults().open_session);
  return fault != CKR_OK ? fault : Real()->C_OpenSession(slot, flags, application, notify, session);
}

CK_RV Login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_BYTE* pin, CK_ULONG size) {
  ++Faults().logins;
  const CK_RV fault = Take(Faults().login);
  return fault != CKR_OK ? fault : Real()->C_Login(session, user, pin, size);
}

CK_RV FindObjects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE* objects, CK_ULONG most,
                  CK_ULONG* count) {
  const CK_RV fault = Take(Faults().find);
  return fault != CKR_OK ? fault : Real()->C_FindObjects(session, objects, most, count);
}

CK_RV Sign(CK_SESSION_HANDLE session, CK_BYTE* data, CK_ULONG data_size, CK_BYTE* signature,
           CK_ULONG* signature_size) {
  const CK_RV fault = Take(Faults().sign);
  return fault != CKR_OK ? fault
                         : Real()->C_Sign(session, data, data_size, signature, signature_size);
}

CK_RV GenerateKey(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_ATTRIBUTE* attributes,
                  CK_ULONG count, CK_OBJECT_HANDLE* key) {
  const CK_RV fault = Take(Faults().generate);
  return fault != CKR_OK ? fault
                         : Real()->C_GenerateKey(session, mechanism, attributes, count, key);
}

CK_RV DestroyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object) {
  const CK_RV fault = Take(Faults().destroy);
  return fault != CKR_OK ? fault : Real()->C_DestroyObject(session, object);
}

CK_RV GetMechanismInfo(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO* info) {
  const CK_RV fault = Take(Faults().mechanism);
  return fault != CKR_OK ? fault : Real()->C_GetMechanismInfo(slot, type, info);
}

}  // namespace

ModuleFaults& Faults() {
  static auto& faults = *new ModuleFaults();
  return faults;
}

Pkcs11Module FaultyModule(const Pkcs11Module& real) {
  Faults() = {};
  Real() = real;
  auto functions = std::make_unique<CK_FUNCTION_LIST>(*real);
  functions->C_OpenSession = OpenSession;
  functions->C_Login = Login;
  functions->C_FindObjects = FindObjects;
  functions->C_Sign = Sign;
  functions->C_GenerateKey = GenerateKey;
  functions->C_DestroyObject = DestroyObject;
  functions->C_GetMechanismInfo = GetMechanismInfo;
  return Pkcs11Module(functions.release(), [](CK_FUNCTION_LIST* list) {
    delete list;
    Real().reset();
  });
}

}  // namespace caseledger::eventstore::testing
