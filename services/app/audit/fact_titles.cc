#include "services/app/audit/fact_titles.h"

#include <array>
#include <utility>

namespace caseledger::audit {
namespace {

constexpr auto kTitles = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"contact_received", "Tiếp nhận liên hệ"},
    {"contact_ended", "Kết thúc liên hệ"},
    {"contact_classified", "Phân loại liên hệ"},
    {"contact_linked_to_case", "Gắn liên hệ với hồ sơ vụ việc"},
    {"contact_unlinked", "Gỡ liên hệ khỏi hồ sơ vụ việc"},
    {"report_forwarded", "Chuyển tin báo"},
    {"report_acknowledged", "Xác nhận đã nhận tin báo"},
    {"person_registered", "Lập hồ sơ cá nhân"},
    {"person_amended", "Bổ sung hồ sơ cá nhân"},
    {"identifier_attached", "Gắn số giấy tờ"},
    {"relationship_recorded", "Ghi nhận quan hệ"},
    {"safe_contact_rule_set", "Đặt quy tắc liên lạc an toàn"},
    {"representative_appointed", "Chỉ định người đại diện"},
    {"representative_excluded", "Loại trừ người đại diện"},
    {"consent_given", "Đồng ý"},
    {"consent_withdrawn", "Rút lại sự đồng ý"},
    {"persons_merged", "Gộp hồ sơ cá nhân"},
    {"merge_reversed", "Hủy gộp hồ sơ cá nhân"},
    {"stay_began", "Bắt đầu lưu trú"},
    {"stay_finished", "Kết thúc lưu trú"},
    {"case_opened", "Mở hồ sơ vụ việc"},
    {"owner_assigned", "Phân công phụ trách"},
    {"participant_added", "Thêm người liên quan"},
    {"participant_role_changed", "Đổi vai trò người liên quan"},
    {"participant_removed", "Bỏ người liên quan"},
    {"risk_assessed", "Đánh giá nguy cơ"},
    {"victim_status_changed", "Thay đổi tình trạng xác định nạn nhân"},
    {"plan_drafted", "Soạn kế hoạch hỗ trợ"},
    {"plan_approved", "Duyệt kế hoạch hỗ trợ"},
    {"plan_rejected", "Không duyệt kế hoạch hỗ trợ"},
    {"plan_reviewed", "Rà soát kế hoạch hỗ trợ"},
    {"service_delivered", "Cung cấp dịch vụ"},
    {"therapy_screened", "Sàng lọc trị liệu"},
    {"therapy_enrolled", "Nhận vào trị liệu"},
    {"therapy_session_held", "Buổi trị liệu"},
    {"therapy_ended", "Kết thúc trị liệu"},
    {"emergency_started", "Bắt đầu can thiệp khẩn cấp"},
    {"emergency_ended", "Kết thúc can thiệp khẩn cấp"},
    {"separation_ordered", "Quyết định cách ly"},
    {"separation_extended", "Gia hạn cách ly"},
    {"separation_lifted", "Chấm dứt cách ly"},
    {"contact_ban_issued", "Quyết định cấm tiếp xúc"},
    {"contact_ban_extended", "Gia hạn cấm tiếp xúc"},
    {"contact_ban_lifted", "Hủy bỏ cấm tiếp xúc"},
    {"case_closed", "Đóng hồ sơ vụ việc"},
    {"case_reopened", "Mở lại hồ sơ vụ việc"},
    {"transfer_requested", "Đề nghị chuyển giao"},
    {"transfer_accepted", "Chấp nhận chuyển giao"},
    {"transfer_declined", "Từ chối chuyển giao"},
    {"transfer_revoked", "Thu hồi đề nghị chuyển giao"},
    {"legal_hold_placed", "Yêu cầu lưu giữ theo pháp luật"},
    {"legal_hold_lifted", "Bỏ yêu cầu lưu giữ theo pháp luật"},
    {"shelter_stay_opened", "Bắt đầu ở nhà tạm lánh"},
    {"shelter_stay_closed", "Kết thúc ở nhà tạm lánh"},
    {"referral_sent", "Gửi chuyển tuyến"},
    {"referral_accepted", "Chấp nhận chuyển tuyến"},
    {"referral_declined", "Từ chối chuyển tuyến"},
    {"referral_revoked", "Thu hồi chuyển tuyến"},
    {"referral_expired", "Chuyển tuyến hết hạn"},
    {"referral_completed", "Hoàn thành chuyển tuyến"},
    {"referral_returned", "Trả lại chuyển tuyến"},
    {"referral_forwarded", "Chuyển tiếp chuyển tuyến"},
    {"shelter_registered", "Đăng ký nhà tạm lánh"},
    {"beds_changed", "Thay đổi số giường"},
    {"placement_requested", "Đề nghị chỗ ở"},
    {"placement_held", "Giữ chỗ"},
    {"resident_admitted", "Tiếp nhận vào nhà tạm lánh"},
    {"stay_extended", "Gia hạn lưu trú"},
    {"resident_discharged", "Rời nhà tạm lánh"},
    {"placement_declined", "Từ chối chỗ ở"},
    {"placement_cancelled", "Hủy đề nghị chỗ ở"},
    {"hold_expired", "Hết hạn giữ chỗ"},
    {"agency_registered", "Đăng ký cơ quan"},
    {"agency_changed", "Thay đổi cơ quan"},
    {"agency_retired", "Cơ quan ngừng tiếp nhận"},
    {"role_granted", "Giao vai trò"},
    {"role_ended", "Chấm dứt vai trò"},
    {"admin_unit_registered", "Đăng ký đơn vị hành chính"},
    {"report_definition_loaded", "Nạp định nghĩa báo cáo"},
    {"deadlines_loaded", "Nạp thời hạn"},
    {"programme_recorded", "Ghi nhận chương trình"},
    {"programme_ended", "Chương trình kết thúc"},
    {"outreach_held", "Tổ chức truyền thông"},
    {"fact_corrected", "Đính chính"},
    {"event_voided", "Hủy bỏ sự kiện"},
    {"heads_committed", "Cam kết trạng thái các hồ sơ"},
});

}  // namespace

std::string_view VietnameseTitle(std::string_view fact_name) {
  for (const auto& [name, title] : kTitles) {
    if (name == fact_name) return title;
  }
  return fact_name;
}

}  // namespace caseledger::audit
