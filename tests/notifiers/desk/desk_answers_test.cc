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
  EXPECT_EQ(Tokens("user:anna/email"), "acknowledge= resolve= escalate= view=");
  EXPECT_EQ(Tokens("user:anna/twilio_sms"), "acknowledge=1a resolve=1r escalate=1e view=");
  for (const char* channel : {"user:anna/slack", "user:anna/telegram"}) {
    const std::string token = Token(channel, "acknowledge");
    EXPECT_EQ(desk_->ReadAnswer(token, clock_.NowNanos())->claim.action,
              AnswerAction::kAcknowledge);
    EXPECT_LE(token.size(), 54U);
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

TEST_F(AnswersTest, AnEscalationTellsTheNextTierNow) {
  const std::string id = Page();
  const auto done = desk_->Answer(AnswerAction::kEscalate,
                                  {.incident_id = id, .who = "anna", .channel = "link", .note = ""},
                                  clock_.NowNanos());
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_EQ(done->outcome, Outcome::kDone) << done->reason;
  Run(1);
  EXPECT_EQ(inbox_["user:ben/twilio_sms"].got.size(), 1U);
  EXPECT_EQ(Tokens("user:ben/twilio_sms"), "acknowledge= resolve= view=") << "there is no next";
  const auto last = desk_->Answer(AnswerAction::kEscalate,
                                  {.incident_id = id, .who = "anna", .channel = "link", .note = ""},
                                  clock_.NowNanos());
  EXPECT_EQ(last->outcome, Outcome::kRefused);
}

TEST_F(AnswersTest, APageEscalatesOnce) {
  more_ = [](DeskConfig& config) {
    config.incidents.escalation_policies[0].tiers = {{0, {"user:anna", "crew"}, false},
                                                     {10 * kMinute, {"user:ben"}, false},
                                                     {20 * kMinute, {"team"}, false},
                                                     {30 * kMinute, {"crew"}, false}};
  };
  ASSERT_TRUE(desk_->Reload(Config(), clock_.NowNanos()).ok());
  const std::string id = Page();
  const auto press = [&](const std::string& token) {
    const Nanos now = clock_.NowNanos();
    const auto view = desk_->ReadAnswer(token, now);
    EXPECT_TRUE(view.ok()) << view.status();
    const auto done = desk_->Answer(
        view->claim.action,
        {.incident_id = view->claim.incident_id, .who = "anna", .channel = "link", .note = ""}, now,
        view->claim.step);
    EXPECT_TRUE(done.ok()) << done.status();
    return *done;
  };
  const std::string link = Token("user:anna/email", "escalate");
  const std::string button = Token("user:anna/slack", "escalate");
  const std::string crew = Token("crew/webhook", "escalate");
  const auto code = *desk_->FindAnswerCode("+4917", 1, clock_.NowNanos());
  EXPECT_EQ(code.step, (AnsweredStep{1, 0, 0}));
  EXPECT_EQ(press(link).outcome, Outcome::kDone);
  Run(1);
  // The same link, another channel of the same page, somebody else of the same tier.
  for (const std::string& again : {link, button, crew}) {
    const AnswerResult result = press(again);
    EXPECT_EQ(result.outcome, Outcome::kAgain);
    EXPECT_EQ(result.reason, "tier 2 has been told");
  }
  EXPECT_EQ(desk_
                ->Answer(AnswerAction::kEscalate,
                         {.incident_id = id, .who = "anna", .channel = "sms", .note = ""},
                         clock_.NowNanos(), code.step)
                ->outcome,
            Outcome::kAgain);
  Run(1);
  EXPECT_EQ(inbox_["user:ben/twilio_sms"].got.size(), 1U);
  EXPECT_EQ(Events(id, AuditKind::kEscalated).size(), 2U);
  EXPECT_TRUE(Events(id, AuditKind::kAnswerRefused).empty());
  EXPECT_EQ(desk_->GetIncident(id, kT0)->incident->escalation.next_tier, 2);
  const auto offered = desk_->ReadAnswer(link, clock_.NowNanos());
  for (const NotificationAction& action : offered->actions) EXPECT_NE(action.name, "escalate");
  // The page of the next tier escalates too, once.
  const std::string next = Token("user:ben/twilio_sms", "view");
  const AnsweredStep second = desk_->ReadAnswer(next, clock_.NowNanos())->claim.step;
  EXPECT_EQ(second, (AnsweredStep{1, 0, 1}));
  const HumanAction ben{.incident_id = id, .who = "ben", .channel = "link", .note = ""};
  EXPECT_EQ(desk_->Answer(AnswerAction::kEscalate, ben, clock_.NowNanos(), second)->outcome,
            Outcome::kDone);
  EXPECT_EQ(desk_->Answer(AnswerAction::kEscalate, ben, clock_.NowNanos(), second)->outcome,
            Outcome::kAgain);
  // Whoever took it and gave it back began another escalation.
  ASSERT_TRUE(desk_->Acknowledge(By(id), clock_.NowNanos()).ok());
  EXPECT_EQ(press(link).outcome, Outcome::kRefused);
  ASSERT_TRUE(desk_->Unacknowledge(By(id), clock_.NowNanos()).ok());
  Run(1);
  EXPECT_EQ(press(link).outcome, Outcome::kRefused) << "of the escalation before";
  EXPECT_EQ(press(Token("crew/webhook", "escalate")).outcome, Outcome::kDone);
}

TEST_F(AnswersTest, ThePageOfAPartDoesNotEscalateTheWhole) {
  const std::string part = Page("Part");
  const std::string link = Token("crew/webhook", "escalate");
  const std::string whole = Page("Whole");
  ASSERT_TRUE(desk_->Change(MergeInto{whole}, By(part), clock_.NowNanos()).ok());
  const Nanos now = clock_.NowNanos();
  const AnsweredStep step = desk_->ReadAnswer(link, now)->claim.step;
  const HumanAction ben{.incident_id = part, .who = "ben", .channel = "link", .note = ""};
  EXPECT_EQ(desk_->Answer(AnswerAction::kEscalate, ben, now, step)->outcome, Outcome::kRefused);
  // What is shown behind the link is the whole as it stands; pressed twice, it escalates once.
  std::string shown;
  const auto behind = desk_->ReadAnswer(link, now);
  for (const NotificationAction& action : behind->actions) {
    if (action.name == "escalate") shown = action.url.substr(action.url.rfind('/') + 1);
  }
  const auto view = desk_->ReadAnswer(shown, now);
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(view->claim.incident_id, whole);
  for (const Outcome wanted : {Outcome::kDone, Outcome::kAgain}) {
    EXPECT_EQ(desk_
                  ->Answer(AnswerAction::kEscalate,
                           {.incident_id = whole, .who = "ben", .channel = "link", .note = ""}, now,
                           view->claim.step)
                  ->outcome,
              wanted);
  }
}

TEST_F(AnswersTest, WhoIsAskedWhetherTheyStillWorkOnItConfirms) {
  more_ = [](DeskConfig& config) {
    config.incidents.attention[static_cast<size_t>(Severity::kCritical)] = {
        .acknowledge_timeout = kHour, .confirm_within = 15 * kMinute, .auto_resolve = 0};
  };
  ASSERT_TRUE(desk_->Reload(Config(), clock_.NowNanos()).ok());
  const std::string id = Page();
  ASSERT_TRUE(desk_->Acknowledge(By(id), clock_.NowNanos()).ok());
  Run(3605);
  EXPECT_EQ(Tokens("user:anna/twilio_sms"), "confirm=1a resolve=1r view=");
  const auto view = desk_->ReadAnswer(Token("user:anna/email", "confirm"), clock_.NowNanos());
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(view->claim.action, AnswerAction::kConfirm);
  // By the code they know from the page: an acknowledgement is a confirmation now.
  const auto done = desk_->Answer(AnswerAction::kAcknowledge,
                                  {.incident_id = id, .who = "anna", .channel = "sms", .note = ""},
                                  clock_.NowNanos());
  EXPECT_EQ(done->outcome, Outcome::kDone) << done->reason;
  EXPECT_EQ(Events(id, AuditKind::kAckConfirmed).size(), 1U);
  Run(1000);
  EXPECT_EQ(State(id), "acknowledged");
}

TEST_F(AnswersTest, APartOfAnotherIncidentIsAnsweredThere) {
  const std::string part = Page("Part");
  const std::string link = Token("crew/webhook", "acknowledge");
  const std::string whole = Page("Whole");
  ASSERT_TRUE(desk_->Change(MergeInto{whole}, By(part), clock_.NowNanos()).ok());
  const auto view = desk_->ReadAnswer(link, clock_.NowNanos());
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(view->incident->id, whole);
  const auto done = desk_->Answer(
      AnswerAction::kAcknowledge,
      {.incident_id = part, .who = "ben", .channel = "link", .note = ""}, clock_.NowNanos());
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_EQ(done->incident->id, whole);
  EXPECT_EQ(State(whole), "acknowledged");
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
