// SPDX-License-Identifier: Apache-2.0
// Contact methods made by API that name a server of their own: nothing of the files' secrets goes
// there, and private networks are closed to them. Sinks on loopback get what is sent.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <map>

#include "tests/exporter/daemon/daemon_fixture.h"
#include "tests/support/http_sink.h"
#include "tests/support/smtp_sink.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kUsers = "/outrider/v1/users";

class ContactServersTest : public DaemonAccessTest {
 protected:
  ContactServersTest() {
    Networks("127.0.0.0/8");
    Write("am.yml", fmt::format(R"(
global:
  slack_app_token: xoxb-hidden
  telegram_bot_token: "1:hidden"
  telegram_api_url: "{0}"
  opsgenie_api_key: hidden
  victorops_api_key: hidden
  rocketchat_token: hidden
  rocketchat_token_id: hidden
  wechat_api_secret: hidden
  wechat_api_corp_id: corp
  smtp_smarthost: {1}
  smtp_from: outrider@example.org
  smtp_auth_username: hidden
  smtp_auth_password: hidden
  smtp_require_tls: false
  http_config: {{authorization: {{credentials: hidden}}}}
route: {{receiver: a}}
receivers: [{{name: a}}]
)",
                                http_.Url(), smtp_.Smarthost()));
    Write("incidents.yml",
          fmt::format("users: [{{name: anna, webhook_configs: [{{url: '{}'}}]}}]\n",
                      http_.Url("/anna")));
  }
  void Networks(const std::string& networks) const {
    Write("outrider.yml", "alerting: {config_file: am.yml, webhooks: {allowed_networks: [" +
                              networks + "]}}\nincidents: {config_file: incidents.yml}\n");
  }
  HttpResponse Make(const std::string& sections) {
    return Send("POST", kUsers, "", fmt::format("name: x\n{}\n", sections));
  }
  // Sends a test to the user.
  std::string Test(const std::string& user) {
    return Send("POST", fmt::format("/outrider/v1/receivers/user:{}/test", user)).body;
  }
  // All that came, as one text.
  std::string Got() const {
    std::string text;
    for (const HttpSinkRequest& request : http_.Requests()) {
      text += request.path + " " + request.body;
      for (const auto& [name, value] : request.headers) text += "\n" + name + ": " + value;
    }
    for (const SmtpSinkMail& mail : smtp_.Mails()) text += mail.login + mail.message;
    return text;
  }

  HttpSink http_;
  SmtpSink smtp_{{.auth = "PLAIN"}};
};

TEST_F(ContactServersTest, CredentialsOfFilesStayWithTheServersOfFiles) {
  const struct {
    const char* sections;  // HTTP and MAIL stand for the sinks
    bool brings_none;      // what must be there is not: refused
  } kCases[] = {
      {"webhook_configs: [{url: HTTP}]", false},
      {"slack_configs: [{api_url: HTTP, channel: c}]", false},
      {"discord_configs: [{webhook_url: HTTP}]", false},
      {"ntfy_configs: [{url: HTTP, topic: t}]", false},
      {"telegram_configs: [{api_url: HTTP, bot_token: own, chat_id: 1}]", false},
      {"email_configs: [{to: x@example.org, smarthost: 'MAIL'}]", false},
      {"telegram_configs: [{api_url: HTTP, chat_id: 1}]", true},
      {"telegram_configs: [{chat_id: 1, http_config: {proxy_url: HTTP}}]", true},
      {"opsgenie_configs: [{api_url: HTTP}]", true},
      {"victorops_configs: [{api_url: HTTP, routing_key: r}]", true},
      {"rocketchat_configs: [{api_url: HTTP, channel: c}]", true},
      {"wechat_configs: [{api_url: HTTP}]", true},
  };
  Start(false);
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.sections);
    std::string sections = c.sections;
    const std::map<std::string, std::string> sinks = {{"HTTP", "'" + http_.Url() + "'"},
                                                      {"MAIL", smtp_.Smarthost()}};
    for (const auto& [word, text] : sinks) {
      if (const size_t at = sections.find(word); at != std::string::npos) {
        sections.replace(at, word.size(), text);
      }
    }
    const size_t before = http_.Requests().size() + smtp_.Mails().size();
    const HttpResponse made = Make(sections);
    EXPECT_EQ(made.status, c.brings_none ? 400 : 201) << made.body;
    if (c.brings_none) {
      EXPECT_THAT(made.body, HasSubstr("user x:2:"));
      EXPECT_THAT(made.body, HasSubstr("names a server of its own"));
      continue;
    }
    Test("x");
    EXPECT_GT(http_.Requests().size() + smtp_.Mails().size(), before) << "it was sent";
    EXPECT_THAT(Got(), Not(HasSubstr("hidden")));
    EXPECT_EQ(Send("DELETE", fmt::format("{}/x", kUsers)).status, 204);
  }
  for (const SmtpSinkMail& mail : smtp_.Mails()) EXPECT_EQ(mail.login, "");
}

// Where messages go is what the files say: there the credentials of the files are for.
TEST_F(ContactServersTest, WithoutAServerOfItsOwnASectionHasThem) {
  Start(false);
  Test("anna");
  EXPECT_THAT(Got(), HasSubstr("Bearer hidden")) << "of the file";
  ASSERT_EQ(Make("telegram_configs: [{chat_id: 1}]\nemail_configs: [{to: x@example.org}]").status,
            201);
  Test("x");
  EXPECT_THAT(Got(), HasSubstr("/bot1:hidden/"));
  ASSERT_EQ(smtp_.Mails().size(), 1U);
  EXPECT_NE(smtp_.Mails()[0].login, "");
}

TEST_F(ContactServersTest, PrivateNetworksAreClosedToThem) {
  Networks("");
  Start(false);
  ASSERT_EQ(Make(fmt::format("webhook_configs: [{{url: '{}'}}]\n"
                             "email_configs: [{{to: x@example.org, smarthost: '{}'}}]",
                             http_.Url(), smtp_.Smarthost()))
                .status,
            201);
  const std::string answer = Test("x");
  EXPECT_THAT(answer, HasSubstr("127.0.0.1 is a loopback address"));
  EXPECT_THAT(answer, HasSubstr("rejected"));
  EXPECT_THAT(answer, Not(HasSubstr("retry\"")));
  EXPECT_EQ(http_.connections(), 0U);
  EXPECT_TRUE(smtp_.Mails().empty());
  Test("anna");
  EXPECT_EQ(http_.connections(), 1U) << "users of files may be told there";
}

TEST_F(ContactServersTest, AStartKnowsWhoCameByTheApi) {
  Start(false);
  ASSERT_EQ(Make(fmt::format("webhook_configs: [{{url: '{}'}}]", http_.Url())).status, 201);
  Start(false);
  Test("x");
  EXPECT_EQ(http_.Requests().size(), 1U);
  EXPECT_THAT(Got(), Not(HasSubstr("hidden")));
}

}  // namespace
}  // namespace outrider
