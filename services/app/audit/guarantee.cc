// The statement of a bundle: what it shows, what it does not, how to check it.
#include <fmt/format.h>

#include <string>

#include "services/app/audit/readable.h"
#include "services/app/cli/text/time_text.h"

namespace caseledger::audit {

// The same whoever writes it: it does not name the witnesses that one reader asked for.
std::string Guarantee(const Verified& verified) {
  return fmt::format(R"(LỊCH SỬ HỒ SƠ KÈM BẰNG CHỨNG / A HISTORY WITH PROOF

Hồ sơ / record   {record}
Sổ / ledger      {ledger}
Nhật ký / log    {origin}
Sự kiện / events {events}

TIẾNG VIỆT

Cùng với khóa kiểm chứng của nhật ký, được lấy bằng con đường khác chứ không phải từ thư mục này, các tệp ở đây chứng minh:

1. Mỗi sự kiện đúng là sự kiện đã được ghi, không byte nào bị đổi: kể cả người ghi, cơ quan, thời điểm.
2. Giữa sự kiện đầu và sự kiện cuối không thiếu, không thừa, không đổi thứ tự.
3. Sau sự kiện cuối không có sự kiện nào của hồ sơ bị bỏ đi, tính trong {size} sự kiện đầu tiên của sổ (chốt lúc {committed}).

Không chứng minh: những gì được ghi sau đó; những gì chưa từng được ghi; điều được ghi có đúng sự thật không. Việc người vận hành không cho người khác xem một lịch sử khác chỉ được chứng minh khi có nhân chứng ký cùng (--witness).

ENGLISH

Together with the log's verifier key, got in another way than with this folder, these files prove:

1. Every event is the one that was recorded, not a byte changed: who recorded it, the agency and the times included.
2. Between the first event and the last, none is missing, added or moved.
3. After the last event none of the record's was left out, of the ledger's first {size} events (committed at {committed}).

Not proven: what was recorded later; what was never recorded; whether what was recorded is true. That the operator shows nobody another history is proven only by witnesses that cosigned (--witness).

KIỂM TRA / HOW TO CHECK

caseledger audit verify THIS-FOLDER --vkey KEY

or without this program: each events/N.tlog-proof is a file of c2sp.org/tlog-proof; the leaf's hash is SHA-256 of a zero byte and events/N.entry; the entry holds SHA-256 of events/N.record; heads/ holds the event with the heads of all records and the proof that event {events} is the newest of this one.

verifier-keys.txt is what the server said its keys are: compare, do not trust.
)",
                     fmt::arg("record", verified.facts.record_id),
                     fmt::arg("ledger", verified.facts.ledger), fmt::arg("origin", verified.origin),
                     fmt::arg("events", verified.facts.event_count),
                     fmt::arg("size", verified.complete_up_to),
                     fmt::arg("committed", cli::FormatLocal(verified.committed_at)));
}

}  // namespace caseledger::audit
