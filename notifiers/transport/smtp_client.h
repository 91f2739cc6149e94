// SPDX-License-Identifier: Apache-2.0
// Mail out, through libcurl.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

struct MailRequest {
  std::string smarthost;  // host:port
  std::string hello = "localhost";
  std::string from;             // bare address
  std::vector<std::string> to;  // bare addresses
  std::string message;          // headers and body, CRLF line ends
  bool require_tls =
      true;  // STARTTLS must succeed; else it is tried without checking the certificate
  bool implicit_tls = false;  // smtps
  bool insecure_skip_verify = false;
  std::string username;
  std::string password;
  DurationMs timeout =
      30 * kSecond;  // a server that goes silent holds the call up to twice as long
  std::stop_token stop;  // ends the call within about a second; it may have arrived then
};

struct MailResult {
  int code = 0;  // the SMTP code of the last answer, 0 when there was none
  bool delivered = false;
  bool unknown = false;  // broke after the body was sent: it may have arrived
  std::string error;
};

// Thread-safe.
class SmtpClient {
 public:
  virtual ~SmtpClient() = default;
  // One connection a mail. Delivered only when every recipient and the message were accepted.
  virtual MailResult Send(const MailRequest& request) = 0;
};

std::unique_ptr<SmtpClient> MakeCurlSmtpClient();

}  // namespace outrider
