// SPDX-License-Identifier: Apache-2.0
// Answering a message about several incidents over HTTP: by link, button, text message and digit.
#include <gmock/gmock.h>

#include "exporter/api/answer_callbacks.h"
#include "exporter/api/answer_links.h"
#include "exporter/api/answer_proof.h"
#include "exporter/api/answer_text.h"
#include "storage/base/crypto.h"
#include "storage/base/json.h"
#include "storage/base/text.h"
#include "tests/exporter/http/fake_request.h"
#include "tests/notifiers/desk/bundle_fixture.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kAll =
    "new new new acknowledged acknowledged acknowledged acknowledged acknowledged";

class BundleApiTest : public BundleAnswersTest {
 protected:
  BundleApiTest() {
    RegisterAnswerLinks(router_, {*desk_, clock_});
    RegisterAnswerCallbacks(router_, {*desk_, clock_});
    Bundle();
  }
  HttpResponse Send(FakeRequest request) { return router_.Dispatch(request); }
  HttpResponse Get(const std::string& token) {
    return Send(FakeRequest("GET", "/outrider/v1/a/" + token));
  }
  HttpResponse Press(const std::string& token) {
    return Send(FakeRequest::Form("/outrider/v1/a/" + token, "").With("Origin", "null"));
  }
  HttpResponse Twilio(const std::string& target, const std::map<std::string, std::string>& form) {
    std::string body;
    std::string text = "https://o.example/outrider/v1/callbacks/twilio/" + target;
    for (const auto& [name, value] : form) {
      text += name + value;
      body += (body.empty() ? "" : "&") + UrlEncodeQuery(name) + "=" + UrlEncodeQuery(value);
    }
    return Send(FakeRequest::Form("/outrider/v1/callbacks/twilio/" + target, body)
                    .With("X-Twilio-Signature", Base64Encode(HmacSha1("twilio-secret", text))));
  }

  Router router_;
};

TEST_F(BundleApiTest, ALinkListsAllAndAnswersAll) {
  const std::string token = Token("user:anna/email", "acknowledge");
  const HttpResponse shown = Get(token);
  EXPECT_EQ(shown.status, 200);
  EXPECT_THAT(shown.body, HasSubstr("<h1>5 incidents</h1>"));
  for (const char* name : {"H3", "H4", "H5", "H6", "H7"}) {
    EXPECT_THAT(shown.body, HasSubstr(std::string(">") + name + "</a>"));
  }
  EXPECT_THAT(shown.body, Not(HasSubstr(">H2</a>")));
  EXPECT_THAT(shown.body, HasSubstr(">Acknowledge all 5</button>"));
  EXPECT_EQ(States(), "new new new new new new new new");
  const HttpResponse done = Press(token);
  EXPECT_EQ(done.status, 200);
  EXPECT_THAT(done.body, HasSubstr("Acknowledged: 5 incidents ("));
  EXPECT_THAT(done.body, HasSubstr(">Resolve all 5</button>"));
  EXPECT_EQ(States(), kAll);
  const HttpResponse again = Press(token);
  EXPECT_EQ(again.status, 200);
  EXPECT_THAT(again.body, HasSubstr("Already done: 5 incidents ("));
}

TEST_F(BundleApiTest, WhatCouldNotBeDoneIsSaid) {
  ASSERT_TRUE(desk_
                  ->Resolve({.incident_id = IdOf("H5"), .who = "ben", .channel = "api", .note = ""},
                            clock_.NowNanos())
                  .ok());
  clock_.Advance(12 * kSecond);
  const std::string token = Token("user:anna/email", "acknowledge");
  const HttpResponse done = Press(token);
  EXPECT_EQ(done.status, 200);
  EXPECT_THAT(done.body, HasSubstr("Acknowledged: 4 incidents ("));
  EXPECT_THAT(done.body,
              HasSubstr("Not done: 1 incident (H5 is resolved by ben 12s ago through api)."));
  for (int i = 3; i < 8; ++i) {
    const std::string id = IdOf(fmt::format("H{}", i));
    if (i != 5) {
      ASSERT_TRUE(desk_->Resolve(By(id), clock_.NowNanos()).ok());
    }
  }
  EXPECT_EQ(Press(token).status, 409) << "nothing is left of it";
}

TEST_F(BundleApiTest, ANameOpensOneOfThem) {
  const std::string page = Get(Token("user:anna/email", "view")).body;
  const size_t end = page.find("\">H4</a>");
  ASSERT_NE(end, std::string::npos);
  const size_t begin = page.rfind('"', end - 1) + 1;
  const HttpResponse one = Get(page.substr(begin, end - begin));
  EXPECT_EQ(one.status, 200);
  EXPECT_THAT(one.body, HasSubstr("<h1>H4</h1>"));
  EXPECT_THAT(one.body, HasSubstr(">Acknowledge</button>"));
}

TEST_F(BundleApiTest, AButtonOfSlack) {
  const std::string token = Token("user:anna/slack", "acknowledge");
  const std::string body =
      "payload=" + UrlEncodeQuery(R"({"type":"interactive_message","actions":[{"name":"x","type":)"
                                  R"("button","value":")" +
                                  token + R"("}],"user":{"id":"U1","name":"bob"}})");
  const std::string at = std::to_string(clock_.NowNanos() / kNanosPerSecond);
  const std::string mac = HexEncode(HmacSha256("slack-secret", "v0:" + at + ":" + body));
  const HttpResponse done = Send(FakeRequest::Form("/outrider/v1/callbacks/slack", body)
                                     .With("X-Slack-Request-Timestamp", at)
                                     .With("X-Slack-Signature", "v0=" + mac));
  EXPECT_THAT(done.body, HasSubstr("Acknowledged: 5 incidents ("));
  EXPECT_EQ(States(), kAll);
}

TEST_F(BundleApiTest, AButtonOfTelegram) {
  const std::string token = Token("user:anna/telegram", "acknowledge");
  const HttpResponse done =
      Send(FakeRequest::JsonPost("/outrider/v1/callbacks/telegram",
                                 R"({"update_id":1,"callback_query":{"id":"q1","from":{"id":7,)"
                                 R"("username":"bob"},"data":")" +
                                     token + R"("}})")
               .With("X-Telegram-Bot-Api-Secret-Token", "telegram-secret"));
  EXPECT_THAT(done.body, HasSubstr("Acknowledged: 5 incidents ("));
  EXPECT_EQ(States(), kAll);
}

TEST_F(BundleApiTest, ATextMessage) {
  const std::string code = Token("user:anna/twilio_sms", "acknowledge");
  EXPECT_EQ(code, "4a");
  EXPECT_THAT(Twilio("sms", {{"From", "+4917"}, {"Body", code}}).body,
              HasSubstr("Acknowledged: 5 incidents ("));
  EXPECT_EQ(States(), kAll);
  EXPECT_THAT(Twilio("sms", {{"From", "+4917"}, {"Body", "1a"}}).body,
              HasSubstr("Acknowledged: H0."));
}

TEST_F(BundleApiTest, ADigit) {
  const std::string target = "voice?t=" + Action("user:anna/twilio_voice", "view").token;
  EXPECT_THAT(Twilio(target, {{"To", "+4917"}, {"Digits", "4"}}).body,
              HasSubstr("Acknowledged: 5 incidents ("));
  EXPECT_EQ(States(), kAll);
}

TEST(BundleSentence, IsShortWhateverThereIs) {
  AnswerResult all;
  for (int i = 0; i < 900; ++i) {
    AnswerResult part;
    part.outcome = static_cast<AnswerResult::Outcome>(i % 3);
    Incident incident;
    incident.title = std::string(200, static_cast<char>('a' + i % 26));
    incident.moved_at = 1;
    incident.moved_by = "somebody";
    part.incident = std::make_shared<const Incident>(incident);
    all.parts.push_back(part);
  }
  all.incident = all.parts[0].incident;
  const std::string said = AnswerSentence(AnswerAction::kAcknowledge, all, 1);
  EXPECT_LE(RuneCount(said), 200U);
  EXPECT_THAT(said, HasSubstr("Acknowledged: 300 incidents ("));
  EXPECT_THAT(said, HasSubstr("Not done: 300 incidents ("));
}

}  // namespace
}  // namespace outrider
