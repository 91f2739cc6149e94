// SPDX-License-Identifier: Apache-2.0
// The shape of mails follows what Debian's prometheus-alertmanager 0.25 sent to a sink for the same
// section.
#include <gmock/gmock.h>

#include "storage/base/text.h"
#include "tests/notifiers/channel/channel_fixture.h"

namespace outrider {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Outcome = SendResult::Outcome;

constexpr const char* kGlobal =
    "{smtp_smarthost: 'mx:25', smtp_from: 'Alerts <alerts@example.org>', smtp_require_tls: false}";

class EmailTest : public ChannelFixture {
 protected:
  // The value of a header in the last mail, unfolded.
  std::string Header(const std::string& name) {
    const std::string& mail = smtp_.requests.back().message;
    const size_t at = mail.find("\r\n" + name + ": ");
    const size_t start = mail.starts_with(name + ": ") ? name.size() + 2 : at + name.size() + 4;
    if (at == std::string::npos && !mail.starts_with(name + ": ")) return "none";
    std::string value;
    for (size_t i = start; i < mail.size(); ++i) {
      if (mail[i] != '\r') {
        value += mail[i];
        continue;
      }
      if (mail[i + 2] != ' ') break;
      ++i;
    }
    return value;
  }
};

TEST_F(EmailTest, SendsTheRecordedMail) {
  auto integration = Make("email",
                          "{to: 'a@example.org, B <b@example.org>', text: 'plain {{ .Status }} é', "
                          "headers: {X-Foo: 'bar {{ .Status }}', subject: 'Grüße {{ .Status }}'}, "
                          "html: '<b>{{ .CommonLabels.alertname }}</b>'}",
                          kGlobal);
  ASSERT_TRUE(integration.ok()) << Message(integration.status());
  EXPECT_FALSE(integration->send_resolved);
  EXPECT_EQ(integration->channel->Send(Sample()).outcome, Outcome::kDelivered);
  const MailRequest& request = smtp_.requests.at(0);
  EXPECT_EQ(request.smarthost, "mx:25");
  EXPECT_EQ(request.hello, "localhost");
  EXPECT_EQ(request.from, "alerts@example.org");
  EXPECT_THAT(request.to, ElementsAre("a@example.org", "b@example.org"));
  EXPECT_FALSE(request.require_tls);
  EXPECT_EQ(Header("X-Foo"), "bar firing");
  EXPECT_EQ(Header("Subject"), "=?utf-8?q?Gr=C3=BC=C3=9Fe_firing?=");
  EXPECT_EQ(Header("To"), "a@example.org, B <b@example.org>");
  EXPECT_EQ(Header("From"), "Alerts <alerts@example.org>");
  EXPECT_EQ(Header("Date"), "Sat, 21 Nov 2026 09:50:16 +0000");
  EXPECT_EQ(Header("MIME-Version"), "1.0");
  EXPECT_EQ(Header("Auto-Submitted"), "auto-generated");
  EXPECT_THAT(
      request.message,
      HasSubstr("\r\nContent-Transfer-Encoding: quoted-printable\r\n"
                "Content-Type: text/plain; charset=UTF-8\r\n\r\nplain firing =C3=A9\r\n--"));
  EXPECT_THAT(request.message,
              HasSubstr("Content-Type: text/html; charset=UTF-8\r\n\r\n<b>X</b>\r\n--"));
}

TEST_F(EmailTest, RetriesAreTheSameMail) {
  auto integration = Make("email", "{to: a@example.org}", kGlobal);
  smtp_.answer = {0, false, true, "connection lost"};
  const SendResult lost = integration->channel->Send(Sample());
  EXPECT_EQ(lost.outcome, Outcome::kRetry);
  EXPECT_THAT(lost.reason, HasSubstr("may have arrived"));
  clock_.Advance(kHour);
  integration->channel->Send(Sample());
  EXPECT_EQ(smtp_.requests[0].message, smtp_.requests[1].message);
  const std::string id = Header("Message-Id");
  const std::string thread = Header("References");
  EXPECT_TRUE(id.ends_with("@example.org>")) << id;
  Notification other = Sample();
  other.idempotency_key = "row-2";
  integration->channel->Send(other);
  EXPECT_NE(Header("Message-Id"), id);
  EXPECT_EQ(Header("References"), thread);
  other.incident_id = "inc-1";
  integration->channel->Send(other);
  EXPECT_NE(Header("References"), thread);
}

TEST_F(EmailTest, AnswersAreClassified) {
  struct Case {
    MailResult answer;
    Outcome outcome;
    const char* code;
  };
  const Case cases[] = {
      {{250, true, false, ""}, Outcome::kDelivered, ""},
      {{451, false, false, "greylisted"}, Outcome::kRetry, "serverError"},
      {{550, false, false, "no such user"}, Outcome::kRejected, "clientError"},
      {{535, false, false, "bad pass-word"}, Outcome::kRejected, "authError"},
      {{0, false, false, "connection refused"}, Outcome::kRetry, "other"},
      {{0, false, true, "timeout"}, Outcome::kRetry, "other"},
  };
  auto integration =
      Make("email", "{to: a@example.org, auth_username: u, auth_password: pass-word}", kGlobal);
  for (const Case& c : cases) {
    smtp_.answer = c.answer;
    const SendResult result = integration->channel->Send(Sample());
    EXPECT_EQ(result.outcome, c.outcome) << c.answer.code << c.answer.error;
    EXPECT_EQ(result.reason_code, c.code) << c.answer.code << c.answer.error;
    EXPECT_THAT(result.reason, Not(HasSubstr("pass-word")));
  }
  EXPECT_EQ(smtp_.requests[0].username, "u");
  EXPECT_EQ(smtp_.requests[0].password, "pass-word");
}

TEST_F(EmailTest, DefaultHtmlIsEscaped) {
  auto integration = Make("email", "{to: a@example.org}", kGlobal);
  Notification notification = Sample();
  notification.alerts[0].annotations["summary"] = "<script>x</script>";
  notification.note = "a & b";
  integration->channel->Send(notification);
  std::string mail = smtp_.requests.at(0).message;
  for (const std::string_view line : Split(mail, '\n')) EXPECT_LE(line.size(), 78U) << line;
  for (size_t at = mail.find("=\r\n"); at != std::string::npos; at = mail.find("=\r\n")) {
    mail.erase(at, 3);  // soft line breaks
  }
  EXPECT_EQ(Header("Subject"), "[FIRING:2] X (j critical)");
  EXPECT_THAT(mail, Not(HasSubstr("text/plain")));
  EXPECT_THAT(mail, HasSubstr("&lt;script&gt;x&lt;/script&gt;"));
  EXPECT_THAT(mail, HasSubstr("<p>a &amp; b</p>"));
  EXPECT_THAT(mail, HasSubstr("http://am.example:9093/x/#/alerts?receiver=3Dteam%5C.a"));
  EXPECT_THAT(mail, HasSubstr("2 alerts for alertname=3DX"));
}

TEST_F(EmailTest, NotesReachOwnTemplatesToo) {
  auto integration = Make("email", "{to: a@example.org, html: '<b>x</b>', text: y}", kGlobal);
  Notification notification = Sample();
  notification.note = "late <1h>";
  integration->channel->Send(notification);
  EXPECT_THAT(smtp_.requests.at(0).message, HasSubstr("<b>x</b><p>late &lt;1h&gt;</p>"));
  EXPECT_THAT(smtp_.requests.at(0).message, HasSubstr("\r\ny\r\n\r\nlate <1h>\r\n"));
}

TEST_F(EmailTest, HeadersCannotBeInjected) {
  auto integration =
      Make("email", "{to: a@example.org, headers: {X-A: '{{ .CommonAnnotations.a }}'}}", kGlobal);
  Notification notification = Sample();
  for (Alert& alert : notification.alerts) alert.annotations["a"] = "x\r\nBcc: evil@example.org";
  integration->channel->Send(notification);
  const std::string& mail = smtp_.requests.at(0).message;
  EXPECT_THAT(mail.substr(0, mail.find("\r\n\r\n")), Not(HasSubstr("\nBcc:")));
  EXPECT_EQ(Header("X-A"), "x Bcc: evil@example.org");
}

TEST_F(EmailTest, SettingsComeFromSectionThenGlobal) {
  auto integration = Make("email",
                          "{to: a@example.org, from: b@example.org, smarthost: 'relay:465', "
                          "hello: me, tls_config: {insecure_skip_verify: true}}",
                          "{smtp_hello: other}");
  ASSERT_TRUE(integration.ok()) << Message(integration.status());
  integration->channel->Send(Sample());
  const MailRequest& request = smtp_.requests.at(0);
  EXPECT_EQ(request.smarthost, "relay:465");
  EXPECT_EQ(request.hello, "me");
  EXPECT_TRUE(request.implicit_tls);
  EXPECT_TRUE(request.require_tls);
  EXPECT_TRUE(request.insecure_skip_verify);
}

TEST_F(EmailTest, BadSectionsNameTheirPlace) {
  EXPECT_THAT(ErrorOf("email", "{to: a@b}"), HasSubstr("no global SMTP smarthost set"));
  EXPECT_THAT(ErrorOf("email", "{to: a@b}", "{smtp_smarthost: 'mx:25'}"),
              HasSubstr("no global SMTP from set"));
  EXPECT_THAT(ErrorOf("email", "{from: a@b}", kGlobal),
              HasSubstr("missing to address in email config"));
  EXPECT_THAT(ErrorOf("email", "{to: a@b, headers: {subject: a, Subject: b}}", kGlobal),
              HasSubstr("duplicate header \"Subject\" in email config"));
  EXPECT_THAT(ErrorOf("email", "{to: a@b, auth_secret: s}", kGlobal), HasSubstr("am.yml:1:"));
  EXPECT_EQ(ErrorOf("email", "{to: a@b, auth_secret: s, auth_password: p}", kGlobal), "no error");
  EXPECT_THAT(ErrorOf("email", "{to: a@b, tls_config: {ca_file: x}}", kGlobal),
              HasSubstr("tls_config.ca_file is not supported yet"));
  EXPECT_THAT(ErrorOf("email", "{to: a@b, html: '{{ end }}'}", kGlobal),
              HasSubstr("unexpected {{end}}"));
}

TEST_F(EmailTest, BadAddressesAreRejected) {
  auto integration = Make("email", "{to: 'not an address'}", kGlobal);
  const SendResult result = integration->channel->Send(Sample());
  EXPECT_EQ(result.outcome, Outcome::kRejected);
  EXPECT_THAT(result.reason, HasSubstr("parse 'to' addresses"));
  EXPECT_TRUE(smtp_.requests.empty());
}

}  // namespace
}  // namespace outrider
