// SPDX-License-Identifier: Apache-2.0
// Answering from messages over HTTP: links, and what Slack, Telegram and Twilio send, with true
// signatures. Requests come from elsewhere, through the guard.
#include <gmock/gmock.h>

#include "exporter/api/answer_callbacks.h"
#include "exporter/api/answer_links.h"
#include "exporter/api/answer_page.h"
#include "exporter/api/answer_proof.h"
#include "exporter/http/auth.h"
#include "storage/base/crypto.h"
#include "storage/base/json.h"
#include "tests/exporter/http/fake_request.h"
#include "tests/notifiers/desk/answers_fixture.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class AnswersApiTest : public AnswersTest {
 protected:
  // A restart of the desk would leave the router behind.
  AnswersApiTest() {
    router_.AddGuard(
        MakeAuthGuard({.allow_anonymous = false, .external_url = "https://o.example"}));
    RegisterAnswerLinks(router_, {*desk_, clock_});
    RegisterAnswerCallbacks(router_, {*desk_, clock_});
  }

  HttpResponse Send(FakeRequest request) {
    request.remote_address = "203.0.113.7";
    return router_.Dispatch(request);
  }
  HttpResponse Get(const std::string& token) {
    return Send(FakeRequest("GET", "/outrider/v1/a/" + token));
  }
  HttpResponse Press(const std::string& token, const std::string& form = "") {
    return Send(FakeRequest::Form("/outrider/v1/a/" + token, form).With("Origin", "null"));
  }

  HttpResponse Slack(const std::string& body, int64_t age_seconds = 0,
                     const std::string& secret = "slack-secret") {
    const std::string at = std::to_string(clock_.NowNanos() / kNanosPerSecond - age_seconds);
    return Send(FakeRequest::Form("/outrider/v1/callbacks/slack", body)
                    .With("X-Slack-Request-Timestamp", at)
                    .With("X-Slack-Signature",
                          "v0=" + HexEncode(HmacSha256(secret, "v0:" + at + ":" + body))));
  }
  static std::string SlackBody(const std::string& token, const std::string& user = "U1") {
    return "payload=" +
           UrlEncodeQuery(R"({"type":"interactive_message","actions":[{"name":"acknowledge",)"
                          R"("type":"button","value":")" +
                          token + R"("}],"callback_id":"outrider","user":{"id":")" + user +
                          R"(","name":"bob"}})");
  }
  HttpResponse Telegram(const std::string& token, const std::string& secret = "telegram-secret") {
    return Send(
        FakeRequest::JsonPost("/outrider/v1/callbacks/telegram",
                              R"({"update_id":1,"callback_query":{"id":"q1","from":{"id":7,)"
                              R"("username":"bob"},"data":")" +
                                  token + R"("}})")
            .With("X-Telegram-Bot-Api-Secret-Token", secret));
  }
  HttpResponse Twilio(const std::string& target, const FormPairs& form,
                      const std::string& secret = "twilio-secret") {
    std::string body;
    std::string text = "https://o.example/outrider/v1/callbacks/twilio/" + target;
    const std::map<std::string, std::string> sorted(form.begin(), form.end());
    for (const auto& [name, value] : sorted) text += name + value;
    for (const auto& [name, value] : form) {
      body += (body.empty() ? "" : "&") + UrlEncodeQuery(name) + "=" + UrlEncodeQuery(value);
    }
    return Send(FakeRequest::Form("/outrider/v1/callbacks/twilio/" + target, body)
                    .With("X-Twilio-Signature", Base64Encode(HmacSha1(secret, text))));
  }
  HttpResponse Sms(const std::string& text, const std::string& from = "+4917") {
    return Twilio("sms", {{"From", from}, {"To", "+1"}, {"Body", text}, {"MessageSid", "SM1"}});
  }

  Router router_;
};

std::string HeaderOf(const HttpResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

TEST_F(AnswersApiTest, GetShowsAndPostActs) {
  const std::string id = Page();
  const std::string token = Token("user:anna/email", "acknowledge");
  for (int i = 0; i < 3; ++i) {
    const HttpResponse shown = Get(token);
    EXPECT_EQ(shown.status, 200);
    EXPECT_THAT(shown.body, HasSubstr("<form method=\"post\""));
    EXPECT_THAT(shown.body, HasSubstr(">Acknowledge</button>"));
    EXPECT_THAT(shown.body, Not(HasSubstr(">Resolve</button>")));
    EXPECT_THAT(shown.body, HasSubstr("nobody yet"));
    EXPECT_THAT(shown.body, Not(HasSubstr("name=\"who\""))) << "anna is known";
    EXPECT_EQ(HeaderOf(shown, "Referrer-Policy"), "no-referrer");
    EXPECT_EQ(HeaderOf(shown, "Cache-Control"), "no-store");
    EXPECT_EQ(State(id), "new") << "GET never acts";
  }
  clock_.Advance(30 * kSecond);
  HttpResponse done = Press(token);
  EXPECT_EQ(done.status, 200);
  EXPECT_THAT(done.body, HasSubstr("Acknowledged: Down."));
  EXPECT_EQ(State(id), "acknowledged");
  clock_.Advance(12 * kSecond);
  done = Press(token);
  EXPECT_EQ(done.status, 200);
  EXPECT_THAT(done.body, HasSubstr("You did: Down is acknowledged by anna 12s ago through link."));
  EXPECT_THAT(done.body, HasSubstr(">Resolve</button>")) << "what may be done next";
  EXPECT_EQ(Events(id, AuditKind::kStateChanged).size(), 1U);
}

TEST_F(AnswersApiTest, EscalatingTwiceTellsOneTier) {
  const std::string id = Page();
  const std::string token = Token("user:anna/email", "escalate");
  EXPECT_THAT(Press(token).body, HasSubstr("Escalated: Down."));
  for (int i = 0; i < 2; ++i) {
    const HttpResponse again = Press(token);
    EXPECT_EQ(again.status, 200);
    EXPECT_THAT(again.body, HasSubstr("Escalated already: Down; tier 2 has been told."));
  }
  EXPECT_THAT(Slack(SlackBody(Token("user:anna/slack", "escalate"))).body,
              HasSubstr("Escalated already: Down"));
  EXPECT_THAT(Telegram(Token("user:anna/telegram", "escalate")).body,
              HasSubstr("Escalated already: Down"));
  EXPECT_THAT(Sms("1e").body, HasSubstr("Escalated already: Down"));
  EXPECT_EQ(Events(id, AuditKind::kEscalated).size(), 2U);
}

TEST_F(AnswersApiTest, WhoIsSlowerReadsWhoWasFirst) {
  const std::string id = Page();
  const std::string token = Token("user:anna/email", "acknowledge");
  ASSERT_TRUE(desk_
                  ->Acknowledge({.incident_id = id, .who = "ben", .channel = "slack", .note = ""},
                                clock_.NowNanos())
                  .ok());
  clock_.Advance(65 * kSecond);
  const HttpResponse late = Press(token);
  EXPECT_EQ(late.status, 409);
  EXPECT_THAT(late.body,
              HasSubstr("Not done: Down is acknowledged by ben 1m 5s ago through slack."));
  EXPECT_EQ(Events(id, AuditKind::kAnswerRefused).size(), 1U);
}

TEST_F(AnswersApiTest, ASharedLinkAsksWhoAnswers) {
  const std::string id = Page();
  const std::string token = Token("crew/webhook", "acknowledge");
  EXPECT_THAT(Get(token).body, HasSubstr("name=\"who\""));
  EXPECT_EQ(Press(token, "who=+Ben%0A+B.+").status, 200);
  EXPECT_EQ(Events(id, AuditKind::kStateChanged)[0].who, "Ben B. (crew)");
  EXPECT_EQ(Press(Token("crew/webhook", "resolve"), "who=").status, 200);
  EXPECT_EQ(Events(id, AuditKind::kStateChanged)[1].who, "crew");
}

// Who has the link of a channel and says no name is not told that they did it themselves.
TEST_F(AnswersApiTest, TheSecondOfASharedReceiverReadsThatItWasDoneBefore) {
  const std::string id = Page();
  const std::string token = Token("crew/webhook", "acknowledge");
  ASSERT_EQ(Press(token).status, 200);
  clock_.Advance(12 * kSecond);
  const HttpResponse again = Press(token);
  EXPECT_EQ(again.status, 200);
  EXPECT_THAT(again.body,
              HasSubstr("Already done: Down is acknowledged by crew 12s ago through link."));
  EXPECT_THAT(again.body, Not(HasSubstr("You did")));
  EXPECT_EQ(Events(id, AuditKind::kStateChanged).size(), 1U);
  EXPECT_THAT(Press(token, "who=Ben").body, HasSubstr("Not done: Down is acknowledged by crew"));
  const std::string named = Token("crew/webhook", "resolve");
  ASSERT_EQ(Press(named, "who=Ben").status, 200);
  EXPECT_THAT(Press(named, "who=Ben").body, HasSubstr("You did: Down is resolved by Ben (crew)"));
}

// A phone that only a receiver has, such as one that goes round in a crew.
TEST_F(AnswersApiTest, TheSecondDigitOnASharedPhoneReadsThatItWasDoneBefore) {
  more_ = [](DeskConfig& config) {
    config.answering.phones = {{{"crew", "twilio_voice[0]"}, "+4917"}};
  };
  ASSERT_TRUE(desk_->Reload(Config(), clock_.NowNanos()).ok());
  Page();
  const std::string target = "voice?t=" + Action("user:anna/twilio_voice", "view").token;
  EXPECT_THAT(Twilio(target, {{"To", "+4917"}, {"Digits", "4"}}).body, HasSubstr("Acknowledged"));
  EXPECT_THAT(Twilio(target, {{"To", "+4917"}, {"Digits", "4"}}).body,
              HasSubstr("Already done: Down is acknowledged by crew"));
}

TEST_F(AnswersApiTest, LinksThatOpenNothing) {
  const std::string id = Page();
  const std::string token = Token("user:anna/email", "resolve");
  struct Case {
    std::string token;
    int status;
    const char* says;
  };
  const Case cases[] = {{token + "A", 403, "not valid"},
                        {"x", 403, "not valid"},
                        {std::string(5000, 'A'), 403, "not valid"}};
  for (const Case& one : cases) {
    for (const HttpResponse& response : {Get(one.token), Press(one.token)}) {
      EXPECT_EQ(response.status, one.status);
      EXPECT_THAT(response.body, HasSubstr(one.says));
      EXPECT_EQ(HeaderOf(response, "Referrer-Policy"), "no-referrer");
    }
  }
  EXPECT_EQ(Send(FakeRequest::Form("/outrider/v1/a/" + token, "")
                     .With("Origin", "https://evil")
                     .With("Host", "o.example"))
                .status,
            403);
  clock_.Advance(3 * kHour);
  EXPECT_EQ(Get(token).status, 410);
  EXPECT_EQ(Press(token).status, 410);
  EXPECT_EQ(State(id), "new");
}

TEST_F(AnswersApiTest, AViewShowsEveryButtonAndDoesNothing) {
  const std::string id = Page();
  const std::string token = Token("user:anna/email", "view");
  const HttpResponse shown = Get(token);
  EXPECT_THAT(shown.body, HasSubstr(">Acknowledge</button>"));
  EXPECT_THAT(shown.body, HasSubstr(">Resolve</button>"));
  EXPECT_EQ(Press(token).status, 200);
  EXPECT_EQ(State(id), "new");
  // The button posts to a link of its own, relative to the page.
  const size_t at = shown.body.find("action=\"") + 8;
  EXPECT_EQ(Press(shown.body.substr(at, shown.body.find('"', at) - at)).status, 200);
  EXPECT_EQ(State(id), "acknowledged");
}

TEST_F(AnswersApiTest, PagesShowTextsOfAlertsAsTexts) {
  Alert alert = MakeAlert("<script>alert(1)</script>", "critical");
  alert.annotations = {{"summary", "\"><img src=x>"}, {"runbook_url", "javascript:alert(1)"}};
  ASSERT_TRUE(Fire(alert).ok());
  Run(1);
  const std::string page = Get(Token("user:anna/email", "acknowledge")).body;
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, Not(HasSubstr("javascript:")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;"));
}

TEST_F(AnswersApiTest, RotationIsForThisMachineOnly) {
  Page();
  const std::string token = Token("user:anna/email", "view");
  EXPECT_EQ(Send(FakeRequest("POST", "/outrider/v1/answers/rotate")).status, 401);
  const auto here = [&](std::string_view target) {
    FakeRequest request("POST", target);
    return router_.Dispatch(request).status;
  };
  EXPECT_EQ(here("/outrider/v1/answers/rotate?revoke=maybe"), 400);
  EXPECT_EQ(here("/outrider/v1/answers/rotate"), 204);
  EXPECT_EQ(Get(token).status, 200);
  EXPECT_EQ(here("/outrider/v1/answers/rotate?revoke=true"), 204);
  EXPECT_EQ(Get(token).status, 403);
}

TEST_F(AnswersApiTest, ASlackButton) {
  const std::string id = Page();
  const std::string body = SlackBody(Token("user:anna/slack", "acknowledge"));
  EXPECT_EQ(Slack(body, 301).status, 403) << "overheard long ago";
  EXPECT_EQ(Slack(body, -301).status, 403);
  EXPECT_EQ(Slack(body, 0, "other").status, 403);
  EXPECT_EQ(State(id), "new");
  const HttpResponse done = Slack(body, 299);
  EXPECT_EQ(done.status, 200);
  EXPECT_EQ(ParseJson(done.body)->GetString("text"), "Acknowledged: Down.");
  EXPECT_EQ(ParseJson(done.body)->GetString("response_type"), "ephemeral");
  EXPECT_EQ(Events(id, AuditKind::kStateChanged)[0].who, "anna") << "U1 is anna";
  EXPECT_EQ(Events(id, AuditKind::kStateChanged)[0].channel, "slack");
  EXPECT_THAT(Slack(body).body, HasSubstr("You did")) << "a replay";
  EXPECT_THAT(Slack(SlackBody(Token("user:anna/slack", "acknowledge"), "U2")).body,
              HasSubstr("Not done: Down is acknowledged by anna"));
  EXPECT_EQ(Events(id, AuditKind::kAnswerRefused)[0].who, "bob (Slack)");
  EXPECT_EQ(Events(id, AuditKind::kStateChanged).size(), 1U);
}

TEST_F(AnswersApiTest, SlackCallsThatMeanNothing) {
  Page();
  EXPECT_THAT(Slack(SlackBody("AAAA")).body, HasSubstr("not valid"));
  EXPECT_EQ(Slack("payload=%7B%22type%22%3A%22x%22%7D").body, "") << "not our button";
  EXPECT_EQ(Slack("payload=nonsense").status, 400);
  EXPECT_EQ(Slack("payload=%zz").status, 400);
  const std::string token = Token("user:anna/slack", "resolve");
  clock_.Advance(3 * kHour);
  EXPECT_THAT(Slack(SlackBody(token)).body, HasSubstr("expired"));
  more_ = [](DeskConfig& config) { config.answering.slack = {}; };
  ASSERT_TRUE(desk_->Reload(Config(), clock_.NowNanos()).ok());
  EXPECT_EQ(Slack(SlackBody(token)).status, 404);
}

TEST_F(AnswersApiTest, ATelegramButton) {
  const std::string id = Page();
  const std::string token = Token("user:anna/telegram", "resolve");
  EXPECT_EQ(Telegram(token, "other").status, 403);
  EXPECT_EQ(Telegram(token, "").status, 403);
  EXPECT_EQ(State(id), "new");
  const StatusOr<JsonValue> done = ParseJson(Telegram(token).body);
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_EQ(done->GetString("method"), "answerCallbackQuery");
  EXPECT_EQ(done->GetString("callback_query_id"), "q1");
  EXPECT_EQ(done->GetString("text"), "Resolved: Down.");
  EXPECT_EQ(Events(id, AuditKind::kStateChanged)[0].who, "bob (Telegram)");
  EXPECT_THAT(Telegram(token).body, HasSubstr("You did"));
  EXPECT_THAT(Telegram("forged").body, HasSubstr("not valid"));
}

TEST_F(AnswersApiTest, ATextMessage) {
  const std::string id = Page();
  const FormPairs form = {{"From", "+4917"}, {"Body", "1a"}};
  EXPECT_EQ(Twilio("sms", form, "other").status, 403);
  EXPECT_EQ(State(id), "new");
  const HttpResponse done = Sms("1a");
  EXPECT_EQ(done.status, 200);
  EXPECT_EQ(done.content_type, "text/xml; charset=utf-8");
  EXPECT_THAT(done.body, HasSubstr("<Response><Message>Acknowledged: Down.</Message></Response>"));
  EXPECT_EQ(Events(id, AuditKind::kStateChanged)[0].who, "anna");
  EXPECT_THAT(Sms("1a").body, HasSubstr("You did"));
  EXPECT_THAT(Sms("7r").body, HasSubstr("There is no incident 7 for you."));
  EXPECT_THAT(Sms("what?").body, HasSubstr("Not understood"));
  EXPECT_THAT(Sms("1a", "+4999").body, HasSubstr("<Response></Response>")) << "a stranger";
  EXPECT_THAT(Sms("1e").body, HasSubstr("Not done")) << "somebody takes care of it";
  for (int more = 0; more < 3; ++more) EXPECT_THAT(Sms("what?").body, HasSubstr("Not"));
  EXPECT_THAT(Sms("what?").body, HasSubstr("<Response></Response>")) << "the sixth of an hour";
  EXPECT_THAT(Sms("1r").body, HasSubstr("Resolved")) << "a code of ours is always answered";
  EXPECT_EQ(State(id), "resolved") << "done nevertheless";
}

TEST_F(AnswersApiTest, ADigitInACall) {
  const std::string id = Page();
  const std::string target = "voice?t=" + Action("user:anna/twilio_voice", "view").token;
  EXPECT_EQ(Twilio(target, {{"To", "+4917"}, {"Digits", "4"}}, "other").status, 403);
  EXPECT_THAT(Twilio(target, {{"To", "+4917"}, {"Digits", "9"}}).body, HasSubstr("means nothing"));
  EXPECT_EQ(State(id), "new");
  EXPECT_THAT(Twilio(target, {{"To", "+4917"}, {"Digits", "4"}}).body,
              HasSubstr("<Say>Acknowledged: Down.</Say>"));
  EXPECT_EQ(Events(id, AuditKind::kStateChanged)[0].who, "anna");
  EXPECT_EQ(Events(id, AuditKind::kStateChanged)[0].channel, "voice");
  EXPECT_THAT(Twilio(target, {{"To", "+4917"}, {"Digits", "6"}}).body, HasSubstr("Resolved"));
  EXPECT_THAT(Twilio("voice?t=forged", {{"To", "+4917"}, {"Digits", "4"}}).body,
              HasSubstr("no longer be answered"));
}

// The example of Slack's and the one of Twilio's own documentation.
TEST(AnswerProof, KnownSignatures) {
  const std::string body =
      "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id="
      "G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-"
      "collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F"
      "397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121."
      "803a0bc887a14d10d2c447fce8b6703c";
  const Nanos at = 1'531'420'618LL * kNanosPerSecond;
  EXPECT_TRUE(CheckSlack("8f742231b10e8888abcd99yyyzzz85a5", "1531420618",
                         "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
                         body, at)
                  .ok());
  EXPECT_TRUE(CheckTwilio("12345", "0/KCTR6DLpKmkAf8muzZqo1nDgQ=",
                          "https://mycompany.com/myapp.php?foo=1&bar=2",
                          {{"CallSid", "CA1234567890ABCDE"},
                           {"Caller", "+12349013030"},
                           {"Digits", "1234"},
                           {"From", "+12349013030"},
                           {"To", "+18005551212"}})
                  .ok());
  EXPECT_FALSE(CheckTwilio("", Base64Encode(HmacSha1("", "u")), "u", {}).ok());
  EXPECT_FALSE(CheckTelegram("", "").ok());
}

}  // namespace
}  // namespace outrider
