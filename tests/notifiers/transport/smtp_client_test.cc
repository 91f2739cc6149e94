// SPDX-License-Identifier: Apache-2.0
#include "notifiers/transport/smtp_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
  SmtpSink sink({.offer_auth = true});
  MailRequest request = Mail(sink);
  request.username = "u";
  request.password = "p";
  const MailResult result = MakeCurlSmtpClient()->Send(request);
  EXPECT_TRUE(result.delivered) << result.error;
  ASSERT_EQ(sink.Mails().size(), 1u);
  EXPECT_EQ(sink.Mails()[0].login, "AHUAcA==");  // \0u\0p
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

}  // namespace
}  // namespace outrider
