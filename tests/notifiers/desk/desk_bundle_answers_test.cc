// SPDX-License-Identifier: Apache-2.0
// A message about several incidents is answered for all of them.
#include <gmock/gmock.h>

#include <algorithm>

#include "storage/base/text.h"
#include "tests/notifiers/desk/bundle_fixture.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;
using Outcome = AnswerResult::Outcome;

constexpr const char* kThreeNewFiveAcknowledged =
    "new new new acknowledged acknowledged acknowledged acknowledged acknowledged";

class BundleDeskTest : public BundleAnswersTest {
 protected:
  AnswerResult Answer(const std::string& token, AnswerAction action, const char* who = "anna") {
    const auto view = desk_->ReadAnswer(token, clock_.NowNanos());
    EXPECT_TRUE(view.ok()) << view.status();
    if (!view.ok()) return {};
    const auto result = desk_->Answer(
        action, {.incident_id = view->claim.incident_id, .who = who, .channel = "link", .note = ""},
        clock_.NowNanos(), view->claim.step);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *result : AnswerResult{};
  }
  // How many parts have come to this.
  static int64_t Count(const AnswerResult& result, Outcome outcome) {
    return std::ranges::count(result.parts, outcome, &AnswerResult::outcome);
  }
};

TEST_F(BundleDeskTest, TheMessageSaysWhatItIsAnsweredFor) {
  Bundle();
  const Notification& mail = Last("user:anna/email");
  EXPECT_THAT(mail.note, HasSubstr("An answer to this message answers all 5 of them."));
  EXPECT_EQ(mail.answers_for, 5U);
  EXPECT_EQ(Action("user:anna/email", "acknowledge").label, "Acknowledge all 5");
  EXPECT_EQ(Action("user:anna/email", "view").label, "Open");
  for (const char* channel : {"user:anna/slack", "user:anna/telegram"}) {
    EXPECT_LE(Token(channel, "acknowledge").size(), 54U) << channel;
    EXPECT_NE(Token(channel, "acknowledge"), "") << channel;
  }
  const auto view = desk_->ReadAnswer(Token("user:anna/email", "view"), clock_.NowNanos());
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(view->parts.size(), 5U);
}

TEST_F(BundleDeskTest, OneAcknowledgementIsForAllAndNobodyElseIsTold) {
  for (const char* channel : {"user:anna/email", "user:anna/slack", "user:anna/telegram"}) {
    SCOPED_TRACE(channel);
    Fresh();
    Bundle();
    const AnswerResult done = Answer(Token(channel, "acknowledge"), AnswerAction::kAcknowledge);
    EXPECT_EQ(done.outcome, Outcome::kDone);
    EXPECT_EQ(Count(done, Outcome::kDone), 5);
    EXPECT_EQ(States(), kThreeNewFiveAcknowledged);
    Run(3600);
    EXPECT_EQ(PagesOfBen(), 3U) << "of H0 to H2 alone";
    EXPECT_TRUE(desk_->VerifyAudit().ok());
  }
}

TEST_F(BundleDeskTest, ACodeIsForAll) {
  Bundle();
  const std::string code = Token("user:anna/twilio_sms", "acknowledge");
  const auto read = ParseCodeAnswer(code);
  ASSERT_TRUE(read) << code;
  const auto entry = desk_->FindAnswerCode("+4917", read->number, clock_.NowNanos());
  ASSERT_TRUE(entry.ok()) << entry.status();
  const auto done = desk_->Answer(
      read->action,
      {.incident_id = entry->incident_id, .who = "anna", .channel = "sms", .note = ""},
      clock_.NowNanos(), entry->step);
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_EQ(done->parts.size(), 5U);
  EXPECT_EQ(States(), kThreeNewFiveAcknowledged);
}

TEST_F(BundleDeskTest, EachByItsOwnRules) {
  Bundle();
  const std::string acknowledge = Token("user:anna/email", "acknowledge");
  ASSERT_TRUE(
      desk_
          ->Acknowledge({.incident_id = IdOf("H4"), .who = "ben", .channel = "api", .note = ""},
                        clock_.NowNanos())
          .ok());
  ASSERT_TRUE(desk_
                  ->Resolve({.incident_id = IdOf("H5"), .who = "ben", .channel = "api", .note = ""},
                            clock_.NowNanos())
                  .ok());
  AnswerResult done = Answer(acknowledge, AnswerAction::kAcknowledge);
  EXPECT_EQ(done.outcome, Outcome::kDone);
  EXPECT_EQ(Count(done, Outcome::kDone), 3);
  EXPECT_EQ(Count(done, Outcome::kRefused), 2);
  EXPECT_EQ(Events(IdOf("H4"), AuditKind::kAnswerRefused).size(), 1U);
  EXPECT_EQ(Events(IdOf("H3"), AuditKind::kStateChanged)[0].who, "anna");
  done = Answer(acknowledge, AnswerAction::kAcknowledge);
  EXPECT_EQ(done.outcome, Outcome::kAgain);
  EXPECT_EQ(Count(done, Outcome::kAgain), 3);
  done = Answer(Token("user:anna/email", "resolve"), AnswerAction::kResolve);
  EXPECT_EQ(Count(done, Outcome::kDone), 4);
  EXPECT_EQ(Count(done, Outcome::kRefused), 1);
}

TEST_F(BundleDeskTest, EachEscalatesOnce) {
  Bundle();
  const std::string token = Token("user:anna/email", "escalate");
  AnswerResult done = Answer(token, AnswerAction::kEscalate);
  EXPECT_EQ(Count(done, Outcome::kDone), 5);
  done = Answer(Token("user:anna/slack", "escalate"), AnswerAction::kEscalate);
  EXPECT_EQ(Count(done, Outcome::kAgain), 5);
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(Events(IdOf(fmt::format("H{}", i)), AuditKind::kEscalated).size(), i < 3 ? 1U : 2U);
  }
}

TEST_F(BundleDeskTest, TwoThatWereMergedAreAnsweredAsOne) {
  Bundle();
  ASSERT_TRUE(desk_->Change(MergeInto{IdOf("H3")}, By(IdOf("H4")), clock_.NowNanos()).ok());
  const AnswerResult done =
      Answer(Token("user:anna/email", "acknowledge"), AnswerAction::kAcknowledge);
  EXPECT_EQ(done.parts.size(), 4U);
  EXPECT_EQ(Count(done, Outcome::kDone), 4);
}

// Who was told before the message was sent is not in it, and is not answered for.
TEST_F(BundleDeskTest, WhatWasAnsweredBeforeItWasSentIsNotInIt) {
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(Fire(MakeAlert(fmt::format("H{}", i).c_str(), "high")).ok());
    Run(1);
  }
  // The first attempt fails; before the second one ben takes H6.
  inbox_["user:anna/email"].answers = {SendResult::Retry("HTTP 500", "serverError", 30'000)};
  while (Last("user:anna/email").title != "5 incidents") Run(1);
  ASSERT_TRUE(
      desk_
          ->Acknowledge({.incident_id = IdOf("H6"), .who = "ben", .channel = "api", .note = ""},
                        clock_.NowNanos())
          .ok());
  Run(60);
  ASSERT_EQ(Last("user:anna/email").title, "4 incidents");
  const AnswerResult done = Answer(Token("user:anna/email", "resolve"), AnswerAction::kResolve);
  EXPECT_EQ(Count(done, Outcome::kDone), 4);
  EXPECT_EQ(State(IdOf("H6")), "acknowledged");
}

TEST_F(BundleDeskTest, ItIsKnownAfterARestartAndForgottenWhenItsTokensAre) {
  Bundle();
  const std::string token = Token("user:anna/email", "acknowledge");
  Start(*disk_);
  Answer(token, AnswerAction::kAcknowledge);
  EXPECT_EQ(States(), kThreeNewFiveAcknowledged);
  Run(3 * 3600);
  EXPECT_TRUE(absl::IsDeadlineExceeded(desk_->ReadAnswer(token, clock_.NowNanos()).status()));
  const auto rows = [&] {
    size_t count = 0;
    const std::string prefix("bundle\0", 7);
    const Status read = disk_->Scan(Family::kPaging, prefix, "", [&](const Row&) {
      ++count;
      return true;
    });
    EXPECT_TRUE(read.ok()) << read;
    return count;
  };
  EXPECT_EQ(rows(), 5U) << "one of each contact method";
  Start(*disk_);
  EXPECT_EQ(rows(), 0U);
}

// A link or a code for one incident is for that one still.
TEST_F(BundleDeskTest, ALinkOfOneAnswersOne) {
  Bundle();
  const auto view = desk_->ReadAnswer(Token("user:anna/email", "view"), clock_.NowNanos());
  ASSERT_TRUE(view.ok()) << view.status();
  const AnswerView::Part& part = view->parts[1];
  const AnswerResult done =
      Answer(part.link.substr(part.link.rfind('/') + 1), AnswerAction::kAcknowledge);
  EXPECT_TRUE(done.parts.empty());
  EXPECT_EQ(State(part.incident->id), "acknowledged");
  EXPECT_EQ(State(view->parts[2].incident->id), "new");
}

}  // namespace
}  // namespace outrider
