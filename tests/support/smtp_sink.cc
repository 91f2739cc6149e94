// SPDX-License-Identifier: Apache-2.0
#include "tests/support/smtp_sink.h"

#include <fmt/format.h>

#include <chrono>

#include "storage/base/text.h"

namespace outrider {
namespace {

// What stands between < and > of a MAIL or RCPT line.
std::string Address(const std::string& line) {
  const size_t open = line.find('<');
  const size_t close = line.find('>');
  if (open == std::string::npos || close == std::string::npos) return "";
  return line.substr(open + 1, close - open - 1);
}

bool Say(LoopbackConnection& connection, int code, std::string_view text) {
  return connection.Write(fmt::format("{} {}\r\n", code, text));
}

// The challenge of RFC 2195's example, in base64.
constexpr std::string_view kChallenge = "PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+";

// AUTH MECHANISM [initial answer]; false ends the connection.
bool Login(LoopbackConnection& connection, const std::string& line, SmtpSinkMail* mail) {
  const auto words = Split(line, ' ');
  mail->mechanism = words.size() > 1 ? ToUpper(words[1]) : "";
  mail->login = words.size() > 2 ? std::string(words[2]) : "";
  const bool cram = mail->mechanism == "CRAM-MD5";
  if (cram || mail->login.empty()) {
    if (!Say(connection, 334, cram ? kChallenge : "VXNlcm5hbWU6")) return false;
    if (!connection.ReadLine(&mail->login)) return false;
  }
  if (mail->mechanism == "LOGIN") {
    if (!Say(connection, 334, "UGFzc3dvcmQ6") || !connection.ReadLine(&mail->login)) return false;
  }
  return Say(connection, 235, "welcome");
}

}  // namespace

SmtpSink::SmtpSink(SmtpSinkBehaviour behaviour)
    : behaviour_(behaviour),
      server_([this](LoopbackConnection& connection) { Serve(connection); }) {}

std::string SmtpSink::Smarthost() const { return fmt::format("127.0.0.1:{}", server_.port()); }

void SmtpSink::SetBehaviour(SmtpSinkBehaviour behaviour) {
  const std::lock_guard lock(mutex_);
  behaviour_ = behaviour;
}

std::vector<SmtpSinkMail> SmtpSink::Mails() const {
  const std::lock_guard lock(mutex_);
  return mails_;
}

bool SmtpSink::WaitForMails(size_t count, int timeout_ms) const {
  std::unique_lock lock(mutex_);
  return came_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                        [&] { return mails_.size() >= count; });
}

// After DATA: reads the message and answers it; false ends the connection.
bool SmtpSink::Message(LoopbackConnection& connection, SmtpSinkMail* mail) {
  std::string line;
  while (connection.ReadLine(&line)) {
    if (line == ".") {
      SmtpSinkBehaviour behaviour;
      {
        const std::lock_guard lock(mutex_);
        behaviour = behaviour_;
        mails_.push_back(*mail);
        came_.notify_all();
      }
      if (behaviour.hang_after_message) connection.WaitForClose();
      if (behaviour.hang_after_message || behaviour.close_after_message) return false;
      return Say(connection, behaviour.end_code, "as scripted");
    }
    if (line.starts_with("..")) line.erase(0, 1);
    mail->message += line + "\r\n";
  }
  return false;
}

void SmtpSink::Serve(LoopbackConnection& connection) {
  SmtpSinkBehaviour behaviour;
  {
    const std::lock_guard lock(mutex_);
    behaviour = behaviour_;
  }
  SmtpSinkMail mail;
  bool open = Say(connection, 220, "sink ready");
  std::string line;
  while (open && connection.ReadLine(&line)) {
    const std::string verb = ToUpper(line.substr(0, 4));
    if (verb == "EHLO" || verb == "HELO") {
      mail.hello = line.size() > 5 ? line.substr(5) : "";
      open = connection.Write(behaviour.auth.empty()
                                  ? "250 sink\r\n"
                                  : fmt::format("250-sink\r\n250 AUTH {}\r\n", behaviour.auth));
    } else if (verb == "AUTH") {
      open = Login(connection, line, &mail);
    } else if (verb == "MAIL") {
      mail.from = Address(line);
      open = Say(connection, 250, "ok");
    } else if (verb == "RCPT") {
      mail.to.push_back(Address(line));
      const auto own = behaviour.rcpt_codes.find(mail.to.back());
      open = Say(connection, own == behaviour.rcpt_codes.end() ? behaviour.rcpt_code : own->second,
                 "as scripted");
    } else if (verb == "DATA") {
      open = Say(connection, 354, "go on") && Message(connection, &mail);
    } else if (verb == "QUIT") {
      Say(connection, 221, "bye");
      return;
    } else {
      open = Say(connection, 250, "ok");
    }
  }
}

}  // namespace outrider
