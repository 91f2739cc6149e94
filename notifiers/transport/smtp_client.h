// SPDX-License-Identifier: Apache-2.0
// Mail out, through libcurl.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "notifiers/transport/tls_options.h"
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
  TlsOptions tls;
  // With a username and a server that offers AUTH: CRAM-MD5 when there is a secret, PLAIN or LOGIN
  // when there is a password, of these the first in the server's order. None of them: an error.
  std::string username;
  std::string password;
  std::string secret;    // of CRAM-MD5
  std::string identity;  // of PLAIN: whom to act for; "": the user
  DurationMs timeout =
      30 * kSecond;  // a server that goes silent holds the call up to twice as long
  // As HttpClientRequest's.
  bool guard_address = false;
  std::vector<std::string> allowed_networks;
  std::stop_token stop;  // ends the call within about a second; it may have arrived then
};

// A recipient the server did not take.
struct RefusedRecipient {
  std::string address;
  int code = 0;      // of the server's answer
  std::string text;  // its last line
};

struct MailResult {
  int code = 0;  // the SMTP code of the last answer, 0 when there was none
  bool delivered = false;
  bool unknown = false;  // broke after the body was sent: it may have arrived
  std::string error;
  bool forbidden = false;  // the server's address is one that must not be connected to
  // With `delivered`: the mail went to the others. Without: all of them.
  std::vector<RefusedRecipient> refused = {};
};

// Thread-safe.
class SmtpClient {
 public:
  virtual ~SmtpClient() = default;
  // One connection a mail. Delivered when at least one recipient and the message were accepted.
  virtual MailResult Send(const MailRequest& request) = 0;
};

std::unique_ptr<SmtpClient> MakeCurlSmtpClient();

}  // namespace outrider
