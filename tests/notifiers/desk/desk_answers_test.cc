// SPDX-License-Identifier: Apache-2.0
// Which answers pages offer, and what becomes of them.
#include <gmock/gmock.h>

#include "storage/base/text.h"
#include "tests/notifiers/desk/answers_fixture.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;
using Outcome = AnswerResult::Outcome;

TEST_F(AnswersTest, EachKindOfChannelGetsWhatCanComeBackFromIt) {
  Page();
  EXPECT_EQ(Tokens("user:anna/email"), "acknowledge= resolve= view=");
  EXPECT_EQ(Tokens("user:anna/twilio_sms"), "acknowledge=1a resolve=1r view=");
  for (const char* channel : {"user:anna/slack", "user:anna/telegram"}) {
    const std::string token = Token(channel, "acknowledge");
    EXPECT_EQ(desk_->ReadAnswer(token, clock_.NowNanos())->claim.action,
              AnswerAction::kAcknowledge);
    EXPECT_LE(token.size(), 40U);
    EXPECT_EQ(Action(channel, "view").token, "");
  }
  EXPECT_EQ(Action("user:anna/twilio_voice", "acknowledge").token, "");
  EXPECT_EQ(desk_->ReadAnswer(Action("user:anna/twilio_voice", "view").token, clock_.NowNanos())
                ->claim.action,
            AnswerAction::kView);
  EXPECT_THAT(Action("user:anna/email", "resolve").url,
              HasSubstr("https://o.example/outrider/v1/a/"));
  const auto view = desk_->ReadAnswer(Token("crew/webhook", "resolve"), clock_.NowNanos());
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(view->claim.contact, "crew");
  EXPECT_EQ(view->claim.expires_at, kT0 + Sec(7200));
  EXPECT_TRUE(inbox_["team/webhook"].got.empty() || Last("team/webhook").actions.empty());
}

TEST_F(AnswersTest, RoutesAndRecoveriesOfferNothing) {
  const std::string id = Page();
  Run(60);
  EXPECT_TRUE(Last("team/webhook").actions.empty()) << "a route notification";
  ASSERT_TRUE(desk_->Resolve(By(id), clock_.NowNanos()).ok());
  Run(5);
  EXPECT_TRUE(Last("user:anna/email").resolved);
  EXPECT_TRUE(Last("user:anna/email").actions.empty());
}

TEST_F(AnswersTest, APhoneThatCannotReplyGetsNoCode) {
  Page();
  Run(601);
  EXPECT_EQ(Tokens("user:ben/twilio_sms"), "acknowledge= resolve= view=");
}

TEST_F(AnswersTest, NothingIsOfferedWhereItIsSwitchedOffOrNobodyKnowsOurAddress) {
  more_ = [](DeskConfig& config) { config.answering.enabled = false; };
  ASSERT_TRUE(desk_->Reload(Config(), clock_.NowNanos()).ok());
  Page();
  EXPECT_TRUE(Last("user:anna/email").actions.empty());
  more_ = [](DeskConfig& config) { config.external_url.clear(); };
  ASSERT_TRUE(desk_->Reload(Config(), clock_.NowNanos()).ok());
  Page("Other");
  EXPECT_TRUE(Last("user:anna/email").actions.empty());
}

TEST_F(AnswersTest, AnAcknowledgementStopsTheNextTier) {
  const std::string id = Page();
  const auto view = desk_->ReadAnswer(Token("user:anna/email", "acknowledge"), clock_.NowNanos());
  ASSERT_TRUE(view.ok()) << view.status();
  const HumanAction anna{.incident_id = id, .who = "anna", .channel = "link", .note = ""};
  const auto first = desk_->Answer(AnswerAction::kAcknowledge, anna, clock_.NowNanos());
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->outcome, Outcome::kDone);
  EXPECT_EQ(first->incident->acknowledged_by, "anna");
  const auto second = desk_->Answer(AnswerAction::kAcknowledge, anna, clock_.NowNanos());
  EXPECT_EQ(second->outcome, Outcome::kAgain);
  Run(3600);
  EXPECT_TRUE(inbox_["user:ben/twilio_sms"].got.empty());
  EXPECT_EQ(Events(id, AuditKind::kStateChanged).size(), 1U);
  EXPECT_EQ(Events(id, AuditKind::kStateChanged)[0].channel, "link");
}

TEST_F(AnswersTest, WhoComesTooLateHearsOfItAndItIsWrittenDown) {
  const std::string id = Page();
  ASSERT_TRUE(desk_->Acknowledge(By(id), clock_.NowNanos()).ok());
  const auto late = desk_->Answer(AnswerAction::kAcknowledge,
                                  {.incident_id = id, .who = "ben", .channel = "slack", .note = ""},
                                  clock_.NowNanos());
  ASSERT_TRUE(late.ok()) << late.status();
  EXPECT_EQ(late->outcome, Outcome::kRefused);
  EXPECT_THAT(late->reason, HasSubstr("by anna"));
  EXPECT_EQ(late->incident->acknowledged_by, "anna");
  ASSERT_EQ(Events(id, AuditKind::kAnswerRefused).size(), 1U);
  EXPECT_EQ(Events(id, AuditKind::kAnswerRefused)[0].who, "ben");
  EXPECT_TRUE(desk_->VerifyAudit().ok());
  const auto gone =
      desk_->Answer(AnswerAction::kResolve,
                    {.incident_id = "i0", .who = "", .channel = "", .note = ""}, clock_.NowNanos());
  EXPECT_TRUE(absl::IsNotFound(gone.status()));
}

TEST_F(AnswersTest, KeysNumbersAndRepliesSurviveARestart) {
  const std::string id = Page();
  Page("Other");
  const std::string link = Token("crew/webhook", "resolve");
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(*desk_->CountAutoReply("+49 17", clock_.NowNanos()));
  EXPECT_FALSE(*desk_->CountAutoReply("+4999", clock_.NowNanos())) << "a stranger";
  Start(*disk_);
  const Nanos now = clock_.NowNanos();
  EXPECT_TRUE(desk_->ReadAnswer(link, now).ok());
  EXPECT_EQ(desk_->FindAnswerCode("+4917", 1, now)->incident_id, id);
  EXPECT_EQ(desk_->FindAnswerCode("+4917", 2, now)->contact, "user:anna");
  EXPECT_TRUE(absl::IsNotFound(desk_->FindAnswerCode("+4917", 3, now).status()));
  EXPECT_TRUE(absl::IsNotFound(desk_->FindAnswerCode("+4999", 1, now).status()));
  EXPECT_FALSE(*desk_->CountAutoReply("+4917", now));
  clock_.Advance(4 * kHour);
  Start(*disk_);
  size_t rows = 0;
  ASSERT_TRUE(disk_
                  ->Scan(Family::kPaging, kAnswerCodesPrefix, "",
                         [&](const Row&) {
                           ++rows;
                           return true;
                         })
                  .ok());
  EXPECT_EQ(rows, 0U) << "nobody can answer them any more";
}

TEST_F(AnswersTest, ARotatedKeyVoidsNothingUnlessAsked) {
  Page();
  const std::string link = Token("user:anna/email", "resolve");
  const HumanAction boss{.incident_id = "", .who = "boss", .channel = "api", .note = ""};
  ASSERT_TRUE(desk_->RotateAnswerKey(boss, false, clock_.NowNanos()).ok());
  EXPECT_TRUE(desk_->ReadAnswer(link, clock_.NowNanos()).ok());
  ASSERT_TRUE(desk_->RotateAnswerKey(boss, true, clock_.NowNanos()).ok());
  EXPECT_TRUE(absl::IsPermissionDenied(desk_->ReadAnswer(link, clock_.NowNanos()).status()));
  Start(*disk_);
  EXPECT_TRUE(absl::IsPermissionDenied(desk_->ReadAnswer(link, clock_.NowNanos()).status()));
}

TEST_F(AnswersTest, APageThatGoesOutLateIsGoodForAsLong) {
  inbox_["user:anna/email"].answers.assign(80, SendResult::Retry("down", "serverError", 60'000));
  Page();
  Run(5000);
  EXPECT_GT(
      desk_->ReadAnswer(Token("user:anna/email", "resolve"), clock_.NowNanos())->claim.expires_at,
      kT0 + Sec(2 * 3600 + 3600));
}

}  // namespace
}  // namespace outrider
