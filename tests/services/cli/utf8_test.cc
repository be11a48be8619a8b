#include "services/app/cli/text/utf8.h"

#include <gtest/gtest.h>

namespace caseledger::cli {
namespace {

TEST(Utf8, FindsTheFirstWrongSequence) {
  EXPECT_EQ(FirstInvalidUtf8("Quảng Ninh"), std::nullopt);
  EXPECT_EQ(FirstInvalidUtf8("ab\xFFz"), 2u);
  EXPECT_EQ(FirstInvalidUtf8("\xC0\xAF"), 0u);          // overlong
  EXPECT_EQ(FirstInvalidUtf8("a\xED\xA0\x80"), 1u);     // surrogate
  EXPECT_EQ(FirstInvalidUtf8("\xF4\x90\x80\x80"), 0u);  // past U+10FFFF
  EXPECT_EQ(FirstInvalidUtf8("ab\xE1\xBB"), 2u);        // cut off
}

TEST(Utf8, WhatAScreenHidesOrObeysIsWrittenOut) {
  EXPECT_EQ(Visible("Hỗ trợ\n\tchị Hoà 👍"), "Hỗ trợ\n\tchị Hoà 👍");
  EXPECT_EQ(Visible("\x1b[2J\r\x7f"), "\\u{1b}[2J\\u{d}\\u{7f}");
  EXPECT_EQ(Visible("a\u202Egnp\u2066\u200B\u2028\u0085\uFEFF"),
            "a\\u{202e}gnp\\u{2066}\\u{200b}\\u{2028}\\u{85}\\u{feff}");
  EXPECT_EQ(Visible("a\xFF\xE1\xBB"), "a\\x{ff}\\x{e1}\\x{bb}");
  EXPECT_EQ(Visible(""), "");
}

TEST(Utf8, WidthCountsWhatATerminalShows) {
  EXPECT_EQ(DisplayWidth("Tổng đài"), 8u);
  EXPECT_EQ(DisplayWidth("To\xCC\x82\xCC\x89ng"), 4u);  // the same ổ from combining marks
  EXPECT_EQ(DisplayWidth("漢字"), 4u);
  EXPECT_EQ(DisplayWidth(""), 0u);
}

TEST(Utf8, ComposesToNormalFormC) {
  EXPECT_EQ(ToNfc("To\xCC\x82\xCC\x89ng"), "Tổng");
  EXPECT_EQ(ToNfc("Tổng"), "Tổng");
  EXPECT_EQ(ToNfc("\xFF"), "\xFF");
}

TEST(Utf8, CutsByWidthAndNeverInsideACharacter) {
  EXPECT_EQ(FitToWidth("Tổng đài", 8), "Tổng đài");
  EXPECT_EQ(FitToWidth("Tổng đài", 5), "Tổng…");
  EXPECT_EQ(DisplayWidth(FitToWidth("漢字漢字", 4)), 3u);
}

}  // namespace
}  // namespace caseledger::cli
