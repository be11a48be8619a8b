#include "services/rpc/sentences.h"

#include <array>

namespace caseledger::rpc {
namespace {

struct Row {
  std::string_view reason;
  Sentences sentences;
};

constexpr Sentences kFailed{"Hệ thống gặp lỗi; hãy báo cho người quản trị.",
                            "Something went wrong in the system; tell its administrator."};

constexpr std::array kRows{
    Row{"INVALID_REQUEST",
        {"Yêu cầu có chỗ chưa đúng; hãy xem từng trường được nêu.",
         "Something in the request is not right; see the fields named."}},
    Row{"CALLER_UNKNOWN",
        {"Không biết ai đang gọi; hãy đăng nhập lại.",
         "It is not known who is calling; sign in again."}},
    Row{"CERTIFICATE_INVALID",
        {"Chứng thư của cơ quan không dùng được ở đây; hãy xin trung tâm cấp chứng thư.",
         "The agency's certificate is not good here; ask the centre for one."}},
    Row{"CERTIFICATE_EXPIRED",
        {"Chứng thư của cơ quan đã hết hạn; hãy xin trung tâm cấp chứng thư mới.",
         "The agency's certificate has expired; ask the centre for a new one."}},
    Row{"CERTIFICATE_NOT_YET_VALID",
        {"Chứng thư của cơ quan chưa có hiệu lực; hãy kiểm tra đồng hồ máy.",
         "The agency's certificate is not valid yet; check the clock."}},
    Row{"CERTIFICATE_REVOKED",
        {"Chứng thư của cơ quan đã bị thu hồi; hãy liên hệ trung tâm ngay.",
         "The agency's certificate was revoked; get in touch with the centre at once."}},
    Row{"TOKEN_INVALID",
        {"Phiên đăng nhập không hợp lệ; hãy đăng nhập lại.",
         "The sign-in is not valid; sign in again."}},
    Row{"TOKEN_EXPIRED",
        {"Phiên đăng nhập đã hết hạn; hãy đăng nhập lại.",
         "The sign-in has expired; sign in again."}},
    Row{"TOKEN_NOT_YET_VALID",
        {"Phiên đăng nhập chưa có hiệu lực; hãy kiểm tra đồng hồ máy.",
         "The sign-in is not valid yet; check the clock."}},
    Row{"TOKEN_OF_OTHER_ISSUER",
        {"Phiên đăng nhập do một nơi khác cấp; hãy đăng nhập qua hệ thống của trung tâm.",
         "The sign-in was made elsewhere; sign in through the centre's system."}},
    Row{"TOKEN_FOR_OTHER_AUDIENCE",
        {"Phiên đăng nhập dành cho hệ thống khác; hãy đăng nhập lại vào hệ thống này.",
         "The sign-in is for another system; sign in to this one."}},
    Row{"AGENCY_MISSING",
        {"Phiên đăng nhập không nêu cơ quan; hãy báo cho người quản trị.",
         "The sign-in names no agency; tell the administrator."}},
    Row{"AGENCY_MISMATCH",
        {"Phiên đăng nhập thuộc cơ quan khác với chứng thư; hãy dùng cả hai của cùng một cơ quan.",
         "The sign-in is of another agency than the certificate; use both of one agency."}},
    Row{"DEADLINE_REQUIRED",
        {"Lời gọi phải có thời hạn chờ; hãy báo cho người viết phần mềm của cơ quan.",
         "The call must say how long it waits; tell whoever makes the agency's program."}},
    Row{"AGENCY_RATE",
        {"Cơ quan gọi nhanh hơn mức cho phép; hãy thử lại sau giây lát.",
         "The agency calls more often than it may; try again in a moment."}},
    Row{"AGENCY_BUSY",
        {"Cơ quan đang có quá nhiều lời gọi cùng lúc; hãy thử lại sau giây lát.",
         "The agency has too many calls open at once; try again in a moment."}},
    Row{"SLOW_READER",
        {"Dữ liệu gửi đi không được nhận trong thời gian dài; hãy bắt đầu lại từ chỗ đã nhận.",
         "What was sent was not read for a long time; begin again from where you are."}},
    Row{"STREAM_OLD",
        {"Kết nối đã kéo dài hết mức cho phép; hãy bắt đầu lại từ chỗ đã nhận.",
         "The stream has lasted as long as it may; begin again from where you are."}},
    Row{"DASHBOARD_TOO_LARGE",
        {"Bảng theo dõi quá lớn: hãy chọn ít dòng hơn, kỳ ngắn hơn hoặc báo cáo có ít nhóm hơn.",
         "The dashboard is too large: ask for fewer rows, a shorter period, or a report with fewer "
         "groups."}},
    Row{"DASHBOARD_NEEDS_FILTER",
        {"Trong những dòng đầu không có dòng nào dành cho bạn: hãy lọc theo cơ quan.",
         "None of the first rows is for you: filter by agency."}},
    Row{"SORT_NEEDS_FILTER",
        {"Có quá nhiều dòng để sắp xếp theo cách này: hãy lọc bớt, hoặc xem theo thứ tự thông "
         "thường.",
         "Too many rows fit to be sorted like this: filter them, or ask for the usual order."}},
    Row{"PUBLICATION_UNKNOWN",
        {"Không có báo cáo nào được công bố với số này.",
         "Nothing was published under this number."}},
    Row{"PUBLICATION_IN_PROGRESS",
        {"Một báo cáo khác đang được công bố; hãy thử lại.",
         "Another report is being published; try again."}},
    Row{"IDENTITY_BROKEN",
        {"Số liệu của báo cáo không khớp nhau nên chưa công bố được; hãy xem báo cáo và định "
         "nghĩa.",
         "Figures of the report do not add up as its definition says, so it cannot be published; "
         "look at the report and its definition."}},
    Row{"NOT_ATTRIBUTABLE",
        {"Có dữ liệu ghi theo đơn vị hành chính của phiên bản khác mà chưa quy được về địa bàn của "
         "báo cáo nên chưa công bố được; hãy ghi đơn vị tiền thân, hoặc nêu địa bàn theo cả hai "
         "phiên bản.",
         "Some of what is counted was recorded in units of another version and cannot be told in "
         "the places of the report, so it cannot be published; record what became of these units, "
         "or name the places in both versions."}},
    Row{"OUTCOME_UNKNOWN",
        {"Chưa rõ yêu cầu đã được ghi hay chưa; hãy gửi lại đúng yêu cầu này.",
         "Whether it was recorded is not known; send the same request again."}},
    Row{"LEDGER_UNKNOWN",
        {"Máy chủ này không có sổ mang tên đó.", "This server has no ledger of that name."}},
    Row{"LEDGER_NEEDED",
        {"Máy chủ này có nhiều sổ; hãy nêu tên một sổ.",
         "This server hosts several ledgers; name one."}},
    Row{"TRAIL_UNAVAILABLE",
        {"Không ghi được nhật ký truy cập nên hệ thống không hiển thị gì; hãy thử lại sau giây "
         "lát.",
         "The access trail cannot be written, so nothing is shown; try again in a moment."}},
    Row{"BREAK_GLASS_UNKNOWN",
        {"Không có lần mở khẩn cấp nào mang mã đó.",
         "There is no use of break-glass with that id."}},
    Row{"BREAK_GLASS_OWN",
        {"Lần mở khẩn cấp phải do người khác xem xét.",
         "A use of break-glass is reviewed by somebody else."}},
    Row{"BREAK_GLASS_REVIEWED",
        {"Lần mở khẩn cấp này đã được xem xét.", "This use of break-glass was reviewed before."}},
    Row{"RECORD_UNKNOWN",
        {"Không có hồ sơ này, hoặc bạn không được xem; hãy nêu mã UUID hoặc NGUỒN/MÃ.",
         "There is no such record, or you may not see it; name it by its UUID or as "
         "SOURCE/VALUE."}},
    Row{"PROJECTION_UNKNOWN",
        {"Không có bảng số liệu nào mang tên đó.", "There is no projection of that name."}},
    Row{"DATABASE_AWAY",
        {"Máy chủ này tạm thời không liên lạc được với cơ sở dữ liệu; hãy thử lại sau giây lát "
         "hoặc gọi máy chủ khác.",
         "This server does not reach its database for now; try again in a moment, or call another "
         "server."}},
    Row{"VAULT_UNAVAILABLE",
        {"Kho khóa không có ở đây nên không ghi, không xem và không tìm được thông tin cá nhân; "
         "hãy "
         "báo cho người vận hành hệ thống.",
         "The vault with the keys is not there, so nothing personal can be recorded, shown or "
         "searched; tell whoever runs the system."}},
    Row{"SEARCH_KEY_CHANGED",
        {"Bảng tra cứu người cần được dựng lại; hãy báo cho người vận hành hệ thống.",
         "The search for persons must be built anew; tell whoever runs the system."}},
    Row{"REVISION_CONFLICT",
        {"Người khác vừa thay đổi hồ sơ này; hãy tải lại rồi thử lại.",
         "Someone else has changed the record meanwhile; load it again and retry."}},
    Row{"REQUEST_ID_REUSED",
        {"Mã yêu cầu này đã được dùng cho nội dung khác.",
         "This request id was already used for something else."}},
    Row{"EXTERNAL_REF_TAKEN",
        {"Mã tham chiếu ngoài này đã thuộc về hồ sơ khác.",
         "Another record bears this external reference."}},
    Row{"OVERLOADED",
        {"Hệ thống đang quá tải; hãy thử lại sau giây lát.",
         "The system is busy; try again in a moment."}},
    Row{"POSITION_PAST_END",
        {"Sổ chưa có đến vị trí đó.", "The ledger does not reach that position yet."}},
    Row{"REBUILD_RUNNING",
        {"Bảng này đang được dựng lại; hãy đợi cho xong.",
         "This projection is being rebuilt already; wait until it is done."}},
    Row{"UNAVAILABLE",
        {"Hệ thống tạm thời không nhận yêu cầu; hãy thử lại với cùng mã yêu cầu.",
         "The system takes no requests for now; try again with the same request id."}},
    Row{"NOT_REACHED_IN_TIME",
        {"Dữ liệu chưa cập nhật đến vị trí cần thiết trong thời gian cho phép; hãy thử lại.",
         "The data has not caught up with the position asked for in time; try again."}},
    Row{"RIGHTS_CHANGED",
        {"Quyền vừa thay đổi trong lúc trả lời; hãy thử lại.",
         "Rights changed while the answer was made; try again."}},
    Row{"BACKUP_NOT_CONFIGURED",
        {"Máy chủ này chưa được chỉ định thư mục sao lưu (--backup-dir).",
         "This server was started without a directory for backups (--backup-dir)."}},
    Row{"BACKUP_IN_PROGRESS",
        {"Một bản sao lưu đang được tạo, kiểm tra hoặc khôi phục; hãy thử lại sau.",
         "A backup is being made, verified or restored; try again when that has ended."}},
    Row{"BACKUP_OF_ANOTHER_STORE",
        {"Thư mục sao lưu chứa các bản mà dữ liệu hiện tại không nối tiếp; hãy dùng thư mục khác.",
         "The directory holds backups that this server's data does not continue; use another "
         "directory."}},
    Row{"BACKUP_FAILED",
        {"Không tạo được bản sao lưu; các bản cũ vẫn nguyên vẹn.",
         "The backup could not be made; older ones are as they were."}},
    Row{"BACKUP_VAULT_FAILED",
        {"Sổ đã được sao lưu nhưng kho khóa thì chưa; hệ thống tự thử lại.",
         "The log was backed up, but the vault with its keys was not; that is tried again by "
         "itself."}},
    Row{"VAULT_BACKUP_NOT_CONFIGURED",
        {"Máy chủ này chưa được chỉ định thư mục sao lưu kho khóa (--vault-backup-dir).",
         "This server was started without a directory for backups of the vault "
         "(--vault-backup-dir)."}},
    Row{"NOT_SIGNED",
        {"Sổ chưa có điểm kiểm chứng nào được công bố; điểm đầu tiên có sau sự kiện đầu tiên, khi "
         "đủ nhân chứng ký cùng.",
         "The ledger has no published checkpoint yet; the first one follows after its first event, "
         "once enough witnesses have cosigned it."}},
    Row{"BEYOND_CHECKPOINT",
        {"Điểm kiểm chứng mới nhất chưa bao gồm phần được hỏi; `caseledger log checkpoint` cho "
         "biết "
         "nó bao gồm đến đâu. Sự kiện mới có trong đó sau khoảng một giây, khi đủ nhân chứng ký "
         "cùng.",
         "The newest checkpoint does not cover what was asked for; `caseledger log checkpoint` "
         "says "
         "how far it goes. New events are in it after about a second, once enough witnesses have "
         "cosigned it."}},
    Row{"TILE_UNKNOWN",
        {"Cây của điểm kiểm chứng mới nhất không có ô này.",
         "The newest checkpoint's tree has no such tile."}},
    Row{"EVENT_UNKNOWN",
        {"Sổ không có sự kiện nào mang mã đó.", "The ledger has no event of that id."}},
    Row{"NOT_COVERED",
        {"Chưa có lần chốt nào bao gồm hồ sơ này; hãy ghi thêm một sự kiện bất kỳ rồi thử lại.",
         "No committed heads cover this record yet; try again once something else was recorded."}},
    Row{"NOT_PUBLISHED",
        {"Điểm kiểm chứng mới nhất chưa được công bố: còn chờ nhân chứng ký cùng, hoặc không ký "
         "được; nhật ký máy chủ cho biết. Hãy thử lại sau giây lát.",
         "The newest checkpoint is not published yet: it waits for witnesses, or could not be "
         "signed; the server's log says which. Try again in a moment."}},
    Row{"DATA_LOSS",
        {"Dữ liệu lưu trữ bị hư hỏng; hãy báo ngay cho người quản trị.",
         "Stored data is damaged; tell the administrator at once."}},
};

}  // namespace

Sentences SentencesOfReason(std::string_view reason) {
  for (const Row& row : kRows) {
    if (row.reason == reason) return row.sentences;
  }
  return kFailed;
}

}  // namespace caseledger::rpc
