// SPDX-License-Identifier: Apache-2.0
#include "notifiers/transport/smtp_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/support/smtp_sink.h"

namespace outrider {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

MailRequest Mail(const SmtpSink& sink) {
  MailRequest mail;
  mail.smarthost = sink.Smarthost();
  mail.hello = "outrider.example.org";
  mail.from = "alerts@example.org";
  mail.to = {"anna@example.org", "ben@example.org"};
  mail.message = "Subject: x\r\n\r\nline\r\n.dot\r\n";
  mail.require_tls = false;
  mail.timeout = 5 * kSecond;
  return mail;
}

TEST(SmtpClient, Delivers) {
  SmtpSink sink;
  const MailResult result = MakeCurlSmtpClient()->Send(Mail(sink));
  EXPECT_TRUE(result.delivered) << result.error;
  EXPECT_FALSE(result.unknown);
  EXPECT_EQ(result.error, "");
  ASSERT_EQ(sink.Mails().size(), 1u);
  const SmtpSinkMail mail = sink.Mails()[0];
  EXPECT_EQ(mail.hello, "outrider.example.org");
  EXPECT_EQ(mail.from, "alerts@example.org");
  EXPECT_THAT(mail.to, ElementsAre("anna@example.org", "ben@example.org"));
  EXPECT_EQ(mail.message, "Subject: x\r\n\r\nline\r\n.dot\r\n");
}

TEST(SmtpClient, Authenticates) {
  SmtpSink sink({.auth = "PLAIN LOGIN"});
  MailRequest request = Mail(sink);
  request.username = "u";
  request.password = "p";
  const MailResult result = MakeCurlSmtpClient()->Send(request);
  EXPECT_TRUE(result.delivered) << result.error;
  ASSERT_EQ(sink.Mails().size(), 1u);
  EXPECT_EQ(sink.Mails()[0].login, "AHUAcA==");  // \0u\0p
}

// The first mechanism of the server's that there is something for.
TEST(SmtpClient, ChoosesAMechanismInTheServersOrder) {
  const struct {
    const char* offered;
    const char* password;
    const char* secret;
    const char* mechanism;  // "": no login; "-": an error
    const char* answer;
  } kCases[] = {
      {"PLAIN LOGIN", "p", "", "PLAIN", "AHRpbQBw"},
      {"LOGIN", "p", "", "LOGIN", "cA=="},
      {"CRAM-MD5 LOGIN", "p", "", "LOGIN", "cA=="},
      // RFC 2195, 2.
      {"PLAIN CRAM-MD5", "", "tanstaaftanstaaf", "CRAM-MD5",
       "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw"},
      {"CRAM-MD5 PLAIN", "p", "tanstaaftanstaaf", "CRAM-MD5",
       "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw"},
      {"PLAIN CRAM-MD5", "p", "tanstaaftanstaaf", "PLAIN", "AHRpbQBw"},
      {"XOAUTH2 LOGIN CRAM-MD5", "p", "s", "LOGIN", "cA=="},
      {"", "p", "", "", ""},
      {"", "p", "s", "", ""},
      {"CRAM-MD5", "p", "", "-", ""},
      {"PLAIN", "", "s", "-", ""},
      {"GSSAPI", "p", "s", "-", ""},
  };
  for (const auto& c : kCases) {
    SmtpSink sink({.auth = c.offered});
    MailRequest request = Mail(sink);
    request.username = "tim";
    request.password = c.password;
    request.secret = c.secret;
    const MailResult result = MakeCurlSmtpClient()->Send(request);
    const std::string wanted = c.mechanism;
    EXPECT_EQ(result.delivered, wanted != "-") << c.offered << " " << result.error;
    if (wanted == "-") continue;
    ASSERT_EQ(sink.Mails().size(), 1U) << c.offered;
    EXPECT_EQ(sink.Mails()[0].mechanism, wanted) << c.offered;
    EXPECT_EQ(sink.Mails()[0].login, c.answer) << c.offered;
  }
}

TEST(SmtpClient, ActsForAnother) {
  SmtpSink sink({.auth = "PLAIN"});
  MailRequest request = Mail(sink);
  request.username = "u";
  request.password = "p";
  request.identity = "boss";
  EXPECT_TRUE(MakeCurlSmtpClient()->Send(request).delivered);
  ASSERT_EQ(sink.Mails().size(), 1U);
  EXPECT_EQ(sink.Mails()[0].login, "Ym9zcwB1AHA=");  // boss\0u\0p
}

TEST(SmtpClient, OneRefusedRecipientDoesNotBlockTheOthers) {
  SmtpSink sink({.rcpt_codes = {{"ben@example.org", 550}, {"cleo@example.org", 451}}});
  MailRequest request = Mail(sink);
  request.to = {"anna@example.org", "ben@example.org", "cleo@example.org", "dora@example.org"};
  const MailResult result = MakeCurlSmtpClient()->Send(request);
  EXPECT_TRUE(result.delivered) << result.error;
  ASSERT_EQ(result.refused.size(), 2U);
  EXPECT_EQ(result.refused[0].address, "ben@example.org");
  EXPECT_EQ(result.refused[0].code, 550);
  EXPECT_EQ(result.refused[0].text, "as scripted");
  EXPECT_EQ(result.refused[1].address, "cleo@example.org");
  EXPECT_EQ(result.refused[1].code, 451);
  EXPECT_EQ(sink.Mails().size(), 1U);
}

TEST(SmtpClient, WhenAllAreRefusedNothingIsSent) {
  SmtpSink sink({.rcpt_codes = {{"ben@example.org", 550}, {"anna@example.org", 451}}});
  const MailResult result = MakeCurlSmtpClient()->Send(Mail(sink));
  EXPECT_FALSE(result.delivered);
  EXPECT_EQ(result.refused.size(), 2U);
  EXPECT_TRUE(sink.Mails().empty());
}

TEST(SmtpClient, AMailThatTheServerRefusesWentToNobody) {
  SmtpSink sink({.end_code = 554, .rcpt_codes = {{"ben@example.org", 550}}});
  const MailResult result = MakeCurlSmtpClient()->Send(Mail(sink));
  EXPECT_FALSE(result.delivered);
  EXPECT_EQ(result.code, 554);
  EXPECT_EQ(result.refused.size(), 1U);
}

TEST(SmtpClient, StopsWhenAskedTo) {
  SmtpSink sink({.hang_after_message = true});
  MailRequest request = Mail(sink);
  request.timeout = 20 * kSecond;
  std::stop_source stop;
  request.stop = stop.get_token();
  std::jthread stopper([&] {
    EXPECT_TRUE(sink.WaitForMails(1));
    stop.request_stop();
  });
  const MailResult result = MakeCurlSmtpClient()->Send(request);
  EXPECT_FALSE(result.delivered);
  EXPECT_TRUE(result.unknown);
}

struct RefusalCase {
  const char* name;
  SmtpSinkBehaviour behaviour;
  int code;
  bool unknown;
};

class SmtpRefusal : public ::testing::TestWithParam<RefusalCase> {};

TEST_P(SmtpRefusal, IsReported) {
  SmtpSink sink(GetParam().behaviour);
  MailRequest request = Mail(sink);
  request.timeout = GetParam().behaviour.hang_after_message ? 300 : 5 * kSecond;
  const MailResult result = MakeCurlSmtpClient()->Send(request);
  EXPECT_FALSE(result.delivered);
  EXPECT_EQ(result.code, GetParam().code) << result.error;
  EXPECT_EQ(result.unknown, GetParam().unknown) << result.error;
  EXPECT_NE(result.error, "");
}

INSTANTIATE_TEST_SUITE_P(
    Table, SmtpRefusal,
    ::testing::Values(RefusalCase{"RecipientLater", {.rcpt_code = 450}, 450, false},
                      RefusalCase{"RecipientNever", {.rcpt_code = 550}, 550, false},
                      RefusalCase{"MessageLater", {.end_code = 451}, 451, false},
                      RefusalCase{"MessageNever", {.end_code = 554}, 554, false},
                      RefusalCase{"BrokenAfterMessage", {.close_after_message = true}, 354, true},
                      RefusalCase{"SilentAfterMessage", {.hang_after_message = true}, 354, true}),
    [](const auto& param) { return param.param.name; });

TEST(SmtpClient, RequiredTlsIsNotSkipped) {
  SmtpSink sink;
  MailRequest request = Mail(sink);
  request.require_tls = true;
  const MailResult result = MakeCurlSmtpClient()->Send(request);
  EXPECT_FALSE(result.delivered);
  EXPECT_FALSE(result.unknown);
  EXPECT_TRUE(sink.Mails().empty());
}

TEST(SmtpClient, NobodyListens) {
  MailRequest request;
  {
    const SmtpSink gone;
    request = Mail(gone);
  }
  const MailResult result = MakeCurlSmtpClient()->Send(request);
  EXPECT_EQ(result.code, 0);
  EXPECT_FALSE(result.delivered);
  EXPECT_FALSE(result.unknown);
  EXPECT_THAT(result.error, HasSubstr("127.0.0.1"));
}

TEST(SmtpClient, RefusesInjectedCommands) {
  SmtpSink sink;
  MailRequest request = Mail(sink);
  request.to = {"a@example.org>\r\nRCPT TO:<b@example.org"};
  EXPECT_FALSE(MakeCurlSmtpClient()->Send(request).delivered);
  request.to.clear();
  EXPECT_FALSE(MakeCurlSmtpClient()->Send(request).delivered);
  EXPECT_TRUE(sink.Mails().empty());
}

// As of requests (address_guard_test.cc).
TEST(SmtpClient, AddressesAreGuarded) {
  const struct {
    bool password_and_secret;  // then a connection of its own asks the server first
    const char* allowed;
    bool delivered;
  } kCases[] = {{false, "", false},
                {true, "", false},
                {false, "10.0.0.0/8", false},
                {false, "127.0.0.0/8", true},
                {true, "127.0.0.1", true}};
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.allowed);
    SmtpSink sink({.auth = "PLAIN"});
    MailRequest mail = Mail(sink);
    mail.guard_address = true;
    if (*c.allowed != 0) mail.allowed_networks = {c.allowed};
    if (c.password_and_secret) {
      mail.username = "u";
      mail.password = mail.secret = "p";
    }
    const MailResult result = MakeCurlSmtpClient()->Send(mail);
    EXPECT_EQ(result.delivered, c.delivered) << result.error;
    EXPECT_EQ(result.forbidden, !c.delivered);
    EXPECT_EQ(sink.Mails().size(), c.delivered ? 1U : 0U);
    if (!c.delivered) {
      EXPECT_THAT(result.error, HasSubstr("127.0.0.1 is a loopback address"));
    }
  }
}

}  // namespace
}  // namespace outrider
