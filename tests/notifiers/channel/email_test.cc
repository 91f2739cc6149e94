// SPDX-License-Identifier: Apache-2.0
// The shape of mails follows what Debian's prometheus-alertmanager 0.25 sent to a sink for the same
// section.
#include <fmt/format.h>
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

TEST_F(EmailTest, PagesHaveLinksInBothParts) {
  auto integration = Make("email", "{to: a@example.org, text: plain, html: '<b>x</b>'}", kGlobal);
  ASSERT_TRUE(integration.ok()) << Message(integration.status());
  Notification notification = Sample();
  notification.incident_id = "inc-1";
  notification.actions = Actions("links");
  integration->channel->Send(notification);
  const std::string first = smtp_.requests.back().message;
  // Quoted-printable: `=` is =3D, long lines are folded.
  std::string mail = first;
  for (size_t at = mail.find("=\r\n"); at != std::string::npos; at = mail.find("=\r\n")) {
    mail.erase(at, 3);
  }
  EXPECT_THAT(mail, HasSubstr("Acknowledge: https://o/a/1?x&y\r\nResolve: https://o/a/2\r\n"));
  EXPECT_THAT(mail, HasSubstr("<a href=3D\"https://o/a/1?x&amp;y\">Acknowledge</a> | <a "));
  EXPECT_EQ(Header("Auto-Submitted"), "auto-generated");
  const std::string thread = Header("References");
  const std::string id = Header("Message-Id");
  notification.idempotency_key = "row-2";
  integration->channel->Send(notification);
  EXPECT_EQ(Header("References"), thread) << "of the incident";
  EXPECT_NE(Header("Message-Id"), id);
}

// The note and the links of a page stand within the page, however the template is made.
TEST_F(EmailTest, LinksStandWithinTheBody) {
  const std::pair<const char*, const char*> cases[] = {
      {"<html><body>x</body></html>", "<html><body><p>"},
      {"<HTML><BODY bgcolor=\"a>b\" lang=x>x</BODY></HTML>",
       "<HTML><BODY bgcolor=\"a>b\" lang=x><p>"},
      {"<html>x</html>", "<html>x<p>"},
      {"<b>x</b>", "<b>x</b><p>"},
      {"<body x", "<body x<p>"}};
  for (const auto& [html, begin] : cases) {
    SCOPED_TRACE(html);
    auto integration =
        Make("email", fmt::format("{{to: a@example.org, html: '{}'}}", html), kGlobal);
    ASSERT_TRUE(integration.ok()) << Message(integration.status());
    Notification notification = Sample();
    notification.incident_id = "inc-1";
    notification.note = "a note";
    notification.actions = Actions("links");
    EXPECT_EQ(integration->channel->Send(notification).outcome, Outcome::kDelivered);
    std::string mail = smtp_.requests.back().message;
    for (size_t at = mail.find("=\r\n"); at != std::string::npos; at = mail.find("=\r\n")) {
      mail.erase(at, 3);
    }
    for (size_t at = mail.find("=3D"); at != std::string::npos; at = mail.find("=3D")) {
      mail.replace(at, 3, "=");
    }
    EXPECT_THAT(mail, HasSubstr(std::string(begin) + "a note</p>\r\n<p>"));
    const size_t links = mail.find(">Acknowledge</a>");
    ASSERT_NE(links, std::string::npos);
    const size_t end = ToLower(mail).find("</html>");
    EXPECT_TRUE(end == std::string::npos || links < end) << mail;
  }
}

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
      {{554, false, false, "refused"}, Outcome::kRejected, "clientError"},
      // The password may just be changing.
      {{535, false, false, "bad pass-word"}, Outcome::kRetry, "authError"},
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

TEST_F(EmailTest, HeadersOfTheSectionReplaceOurOwn) {
  const auto count = [this](const std::string& name) {
    const std::string& mail = smtp_.requests.back().message;
    const std::string head = "\r\n" + ToLower(mail.substr(0, mail.find("\r\n\r\n")));
    size_t times = 0;
    for (size_t at = head.find("\r\n" + name + ":"); at != std::string::npos;
         at = head.find("\r\n" + name + ":", at + 1)) {
      ++times;
    }
    return times;
  };
  for (const char* name : {"Auto-Submitted", "Message-ID", "References", "Date", "MIME-Version",
                           "Content-Type", "Content-Transfer-Encoding"}) {
    Make("email", std::string("{to: a@b, headers: {") + name + ": own}}", kGlobal)
        ->channel->Send(Sample());
    const bool of_body = std::string_view(name).starts_with("Content") || name[1] == 'I';
    const std::string lower = ToLower(name);
    EXPECT_EQ(count(lower), lower == "content-transfer-encoding" ? 0U : 1U) << name;
    if (of_body) continue;
    EXPECT_EQ(Header(lower == "message-id" ? "Message-Id" : name), "own");
  }
  EXPECT_THAT(smtp_.requests.back().message, HasSubstr("Content-Type: multipart/alternative;"));
  Make("email", "{to: a@b, headers: {message-id: '<own@b>'}}", kGlobal)->channel->Send(Sample());
  EXPECT_EQ(Header("Message-Id"), "<own@b>");
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
  EXPECT_TRUE(request.tls.insecure_skip_verify);
}

TEST_F(EmailTest, BadSectionsNameTheirPlace) {
  EXPECT_THAT(ErrorOf("email", "{to: a@b}"), HasSubstr("no global SMTP smarthost set"));
  EXPECT_THAT(ErrorOf("email", "{to: a@b}", "{smtp_smarthost: 'mx:25'}"),
              HasSubstr("no global SMTP from set"));
  EXPECT_THAT(ErrorOf("email", "{from: a@b}", kGlobal),
              HasSubstr("missing to address in email config"));
  EXPECT_THAT(ErrorOf("email", "{to: a@b, headers: {subject: a, Subject: b}}", kGlobal),
              HasSubstr("duplicate header \"Subject\" in email config"));
  EXPECT_THAT(ErrorOf("email", "{to: a@b, tls_config: {min_version: TLS9}}", kGlobal),
              HasSubstr("unknown TLS version: TLS9"));
  EXPECT_THAT(ErrorOf("email", "{to: a@b, tls_config: {cert_file: x}}", kGlobal),
              HasSubstr("exactly one of key or key_file must be configured"));
  EXPECT_THAT(ErrorOf("email", "{to: a@b, threading: {enabled: true}}", kGlobal),
              HasSubstr("threading.thread_by_date must be either 'none' or 'daily'"));
  EXPECT_THAT(ErrorOf("email",
                      "{to: a@b, threading: {enabled: true, thread_by_date: none}, "
                      "headers: {references: x}}",
                      kGlobal),
              HasSubstr("threading.enabled conflicts with custom References header"));
}

TEST_F(EmailTest, ABadTemplateFailsItsNotification) {
  auto integration = Make("email", "{to: a@b, html: '{{ end }}'}", kGlobal);
  ASSERT_TRUE(integration.ok()) << Message(integration.status());
  const SendResult result = integration->channel->Send(Sample());
  EXPECT_EQ(result.outcome, Outcome::kRejected);
  EXPECT_THAT(result.reason, HasSubstr("unexpected {{end}}"));
}

TEST_F(EmailTest, AddressesThatNobodyCanReadAreRejected) {
  auto integration = Make("email", "{to: 'not an address'}", kGlobal);
  const SendResult result = integration->channel->Send(Sample());
  EXPECT_EQ(result.outcome, Outcome::kRejected);
  EXPECT_THAT(result.reason, HasSubstr("parse 'to' addresses"));
  EXPECT_TRUE(smtp_.requests.empty());
}

TEST_F(EmailTest, OneBadAddressDoesNotBlockTheOthers) {
  auto integration = Make("email", "{to: 'a@example.org, nonsense, b@example.org'}", kGlobal);
  const SendResult result = integration->channel->Send(Sample());
  EXPECT_EQ(result.outcome, Outcome::kDelivered);
  EXPECT_EQ(result.reason, "not delivered to nonsense (no address)");
  EXPECT_THAT(smtp_.requests.at(0).to, ElementsAre("a@example.org", "b@example.org"));
}

TEST_F(EmailTest, RefusedForGoodIsReportedAndTheRestDelivered) {
  auto integration = Make("email", "{to: 'a@example.org, b@example.org'}", kGlobal);
  smtp_.answer = {250, true, false, "", false, {{"b@example.org", 550, "no such user"}}};
  const SendResult result = integration->channel->Send(Sample());
  EXPECT_EQ(result.outcome, Outcome::kDelivered);
  EXPECT_EQ(result.reason, "not delivered to b@example.org (SMTP 550: no such user)");
}

TEST_F(EmailTest, RefusedForNowIsRepeatedToThemAlone) {
  auto integration =
      Make("email", "{to: 'a@example.org, b@example.org, c@example.org, d@example.org'}", kGlobal);
  smtp_.answer = {250, true,  false,
                  "",  false, {{"b@example.org", 451, "greylisted"}, {"c@example.org", 550, "no"}}};
  EXPECT_EQ(integration->channel->Send(Sample()).outcome, Outcome::kRetry);
  smtp_.answer = {0, false, false, "connection refused"};
  EXPECT_EQ(integration->channel->Send(Sample()).outcome, Outcome::kRetry);
  EXPECT_THAT(smtp_.requests.at(1).to, ElementsAre("b@example.org"));
  smtp_.answer = {250, true, false, ""};
  const SendResult end = integration->channel->Send(Sample());
  EXPECT_EQ(end.outcome, Outcome::kDelivered);
  EXPECT_EQ(end.reason, "not delivered to c@example.org (SMTP 550: no)")
      << "who never got it is named where the message ends";
  EXPECT_THAT(smtp_.requests.at(2).to, ElementsAre("b@example.org"));
  Notification other = Sample();
  other.idempotency_key = "row-2";
  integration->channel->Send(other);
  EXPECT_EQ(smtp_.requests.at(3).to.size(), 4U);
}

// The one who has it was told: no fallback, no second mail.
TEST_F(EmailTest, TheLastOneRefusesForGood) {
  auto integration = Make("email", "{to: 'a@example.org, b@example.org'}", kGlobal);
  const MailResult later = {250, true, false, "", false, {{"b@example.org", 451, "greylisted"}}};
  const struct {
    MailResult answer;
    const char* reason;
  } kCases[] = {
      {{550, false, false, "RCPT failed", false, {{"b@example.org", 550, "no such user"}}},
       "not delivered to b@example.org (SMTP 550: no such user)"},
      {{554, false, false, "looks like spam"},
       "not delivered to b@example.org (SMTP 554: looks like spam)"},
  };
  for (const auto& c : kCases) {
    smtp_.answer = later;
    EXPECT_EQ(integration->channel->Send(Sample()).outcome, Outcome::kRetry);
    smtp_.answer = c.answer;
    const SendResult end = integration->channel->Send(Sample());
    EXPECT_THAT(smtp_.requests.back().to, ElementsAre("b@example.org"));
    EXPECT_EQ(end.outcome, Outcome::kDelivered) << c.reason;
    EXPECT_EQ(end.reason, c.reason);
  }
}

TEST_F(EmailTest, WhenAllAreRefused) {
  auto integration = Make("email", "{to: 'a@example.org, b@example.org'}", kGlobal);
  smtp_.answer = {550,   false,
                  false, "RCPT failed",
                  false, {{"a@example.org", 550, "no"}, {"b@example.org", 551, "moved"}}};
  const SendResult never = integration->channel->Send(Sample());
  EXPECT_EQ(never.outcome, Outcome::kRejected);
  EXPECT_EQ(never.reason,
            "not delivered to a@example.org (SMTP 550: no), b@example.org (SMTP 551: moved)");
  EXPECT_EQ(never.status, 550);
  smtp_.answer.refused[1].code = 450;
  EXPECT_EQ(integration->channel->Send(Sample()).outcome, Outcome::kRetry);
  integration->channel->Send(Sample());
  EXPECT_THAT(smtp_.requests.back().to, ElementsAre("b@example.org"));
}

TEST_F(EmailTest, LoginSettingsReachTheClient) {
  auto integration = Make("email",
                          "{to: a@b, auth_username: u, auth_password: p, auth_secret: s, "
                          "auth_identity: i, tls_config: {ca: PEM, server_name: n, "
                          "min_version: TLS13}}",
                          "{smtp_smarthost: 'mx:25', smtp_from: a@b, smtp_auth_secret: other}");
  ASSERT_TRUE(integration.ok()) << Message(integration.status());
  integration->channel->Send(Sample());
  const MailRequest& request = smtp_.requests.at(0);
  EXPECT_EQ(request.username, "u");
  EXPECT_EQ(request.password, "p");
  EXPECT_EQ(request.secret, "s");
  EXPECT_EQ(request.identity, "i");
  EXPECT_EQ(request.tls.ca_pem, "PEM");
  EXPECT_EQ(request.tls.server_name, "n");
  EXPECT_EQ(request.tls.min_version, "TLS13");
}

TEST_F(EmailTest, ThreadsAreAlertmanagers) {
  const std::string daily = "{to: a@b, threading: {enabled: true, thread_by_date: daily}}";
  Make("email", daily, kGlobal)->channel->Send(Sample());
  // sha256 of {}:{alertname="X"}
  EXPECT_EQ(Header("References"), "<alert-25fb0bff77cf7f88-2026-11-21@alertmanager>");
  EXPECT_EQ(Header("In-Reply-To"), Header("References"));
  Make("email", "{to: a@b, threading: {enabled: true, thread_by_date: none}}", kGlobal)
      ->channel->Send(Sample());
  EXPECT_EQ(Header("References"), "<alert-25fb0bff77cf7f88-@alertmanager>");
}

TEST_F(EmailTest, AnAttemptEndsByItsDeadline) {
  auto integration = Make("email", "{to: a@b}", kGlobal);
  Notification notification = Sample();
  notification.deadline = clock_.NowNanos() + 5 * kNanosPerSecond;
  integration->channel->Send(notification);
  EXPECT_EQ(smtp_.requests.at(0).timeout, 5 * kSecond);
  // A server that greets late has the time that is there.
  notification.deadline = clock_.NowNanos() + 300 * kNanosPerSecond;
  integration->channel->Send(notification);
  EXPECT_EQ(smtp_.requests.at(1).timeout, 5 * kMinute);
  notification.deadline = 0;
  integration->channel->Send(notification);
  EXPECT_EQ(smtp_.requests.at(2).timeout, kMinute);
}

}  // namespace
}  // namespace outrider
