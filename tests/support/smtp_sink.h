// SPDX-License-Identifier: Apache-2.0
// A mail server for tests (no TLS): records every mail it accepted and answers as told.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "tests/support/loopback_server.h"

namespace outrider {

struct SmtpSinkBehaviour {
  int rcpt_code = 250;                         // answer to every RCPT
  int end_code = 250;                          // answer to the message
  bool close_after_message = false;            // takes the message and closes without an answer
  bool hang_after_message = false;             // takes the message and never answers
  std::string auth = {};                       // mechanisms that are offered; anything is accepted
  std::map<std::string, int> rcpt_codes = {};  // by address, in place of rcpt_code
};

struct SmtpSinkMail {
  std::string hello;
  std::string from;  // as in MAIL FROM:<…>
  std::vector<std::string> to;
  std::string login;  // base64 of what AUTH said last, "" without
  std::string mechanism;
  std::string message;  // dots unstuffed, CRLF line ends
};

// Thread-safe.
class SmtpSink {
 public:
  explicit SmtpSink(SmtpSinkBehaviour behaviour = {});
  std::string Smarthost() const;  // 127.0.0.1:port
  void SetBehaviour(SmtpSinkBehaviour behaviour);
  // Mails whose message was received whole, whatever was answered.
  std::vector<SmtpSinkMail> Mails() const;
  bool WaitForMails(size_t count, int timeout_ms = 10'000) const;

 private:
  void Serve(LoopbackConnection& connection);
  bool Message(LoopbackConnection& connection, SmtpSinkMail* mail);

  mutable std::mutex mutex_;
  mutable std::condition_variable came_;
  SmtpSinkBehaviour behaviour_;
  std::vector<SmtpSinkMail> mails_;
  LoopbackServer server_;  // last: its threads use the rest
};

}  // namespace outrider
