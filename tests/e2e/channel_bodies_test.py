#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What Debian's prometheus-alertmanager (0.25) and outrider send for the same configuration and alerts: both notify one
recorder through every integration 0.25 has, firing and resolved, with default and with written-out sections; requests
are compared whole. DIFFERENCES says in what they may differ, and why. Services with fixed addresses (PagerDuty v1,
Pushover) are reached through a proxy that answers in their name; mail goes to an SMTP sink. Then the kinds that 0.25
does not have, each told once over the wire; and `outrider check alertmanager` gives the right verdict on Alertmanager's
own examples."""
import email
import email.header
import email.policy
import hmac
import http.server
import json
import pathlib
import re
import ssl
import subprocess
import threading
import time
import unittest
import urllib.parse

import harness

# Header fields that say how a client speaks, not what is told.
TRANSPORT = {'host', 'user-agent', 'content-length', 'accept-encoding', 'accept', 'connection', 'transfer-encoding'}
# integration -> what may differ, and why. `drop` and `add` are JSON paths or form keys that only one side has;
# `header+` are header fields that only outrider sends.
DIFFERENCES = {
    '*': {'header+': {'idempotency-key': 'each request of ours has one (issue 8, item 3)'}},
    'webhook': {'add': {'notification_reason': 'newer than 0.25', 'routeLabels': 'newer than 0.25'}},
    'pushover': {'query+': {'device': 'newer than 0.25'}},
    'sns': {'header': {'content-type': 'the client of 0.25 adds a charset',
                       'authorization': 'the client of 0.25 signs content-length, too',
                       'x-amz-date': 'the second of the attempt'}},
    'email': {'html': 'our own page under the same template name',
              'header': {'message-id': 'unique', 'date': 'the second of the attempt',
                         'content-type': 'the boundary is random'}},
    'pagerduty': {'types': 'numbers and structures of details are that since 0.28, texts in 0.25'},
}


class Recorder:
    """Answers like every service there is, over plain HTTP and as a CONNECT proxy with a certificate of its own."""

    def __init__(self, directory):
        self.requests, self.lock = [], threading.Lock()
        certificate, key = directory / 'cert.pem', directory / 'key.pem'
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate,
                        '-days', '2', '-subj', '/CN=recorder'], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'
            tunnel = ''

            def do_CONNECT(self):
                self.send_response(200)
                self.end_headers()
                self.tunnel = self.path
                self.connection = context.wrap_socket(self.connection, server_side=True)
                self.rfile = self.connection.makefile('rb')
                self.wfile = self.connection.makefile('wb', 0)

            def answer(self):
                body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
                with recorder.lock:
                    recorder.requests.append({'method': self.command, 'host': self.tunnel, 'path': self.path, 'body': body,
                                              'headers': {k.lower(): v for k, v in self.headers.items()}})
                text = recorder.text_for(self.path)
                self.send_response(200)
                self.send_header('Content-Type', 'application/json')
                self.send_header('Content-Length', str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_POST = do_PUT = do_GET = answer

            def log_message(self, *arguments):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass

        self.server = Server(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{self.server.server_port}'
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @staticmethod
    def text_for(path):
        if '/wechat' in path:
            return b'{"errcode":0,"errmsg":"ok","access_token":"tok"}'
        if '/slack' in path:
            return b'ok'
        if path.endswith('/search'):
            return b'{"issues":[]}'
        if '/sns' in path:
            return (b'<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult>'
                    b'<MessageId>1</MessageId></PublishResult></PublishResponse>')
        return b'{"ok":true,"result":{"message_id":1,"chat":{"id":1}},"success":true}'

    def close(self):
        self.server.shutdown()
        self.server.server_close()


# Receivers by name: a section with SIDE (am, ours), URL and SMTP in it. Default sections first, then every key 0.25 has.
def receivers(side, url, smtp):
    proxy = f'''
    http_config: {{proxy_url: '{url}', tls_config: {{insecure_skip_verify: true}}}}'''
    base = f'{url}/{side}'
    return f'''
- name: webhook
  webhook_configs: [{{url: '{base}/webhook'}}]
- name: webhook_max
  webhook_configs: [{{url: '{base}/webhook_max', max_alerts: 1}}]
- name: email
  email_configs:
  - {{to: '{side}@example.org', from: 'Alerts <a@example.org>', smarthost: '{smtp}', require_tls: false, send_resolved: true,
     text: '{{{{ template "__text_alert_list" .Alerts }}}}', headers: {{X-Own: '{{{{ .Status }}}} ü'}}}}
- name: slack
  slack_configs: [{{api_url: '{base}/slack', send_resolved: true}}]
- name: slack_all
  slack_configs:
  - api_url: '{base}/slack_all'
    send_resolved: true
    channel: '#c'
    username: u
    color: warning
    title: '{{{{ len .Alerts }}}} <t>'
    title_link: http://l
    pretext: p
    text: 'x {{{{ .CommonLabels.severity }}}}'
    fields: [{{title: f1, value: v1}}, {{title: f2, value: '{{{{ .Status }}}}', short: true}}]
    short_fields: true
    footer: foot
    fallback: fb
    callback_id: cb
    icon_emoji: ':e:'
    image_url: http://i
    thumb_url: http://t
    link_names: true
    mrkdwn_in: [text]
    actions: [{{type: button, text: T, url: 'http://u/{{{{ .Status }}}}', style: primary}}]
- name: pagerduty
  pagerduty_configs:
  - routing_key: rk
    url: '{base}/pagerduty'
    details: {{firing: 'f {{{{ len .Alerts.Firing }}}}', resolved: 'r <{{{{ len .Alerts.Resolved }}}}>'}}
- name: pagerduty_all
  pagerduty_configs:
  - routing_key: rk
    url: '{base}/pagerduty_all'
    client: c
    client_url: 'http://c/{{{{ .Status }}}}'
    description: 'd {{{{ .GroupLabels.alertname }}}}'
    severity: '{{{{ .CommonLabels.severity }}}}'
    class: cl
    component: co
    group: g
    details: {{firing: f, resolved: r, num_firing: nf, num_resolved: nr, own: 'o {{{{ .Status }}}} <&>'}}
    images: [{{src: 's', alt: 'a', href: 'h'}}]
    links: [{{href: 'h', text: 't'}}]
- name: pagerduty_v1
  pagerduty_configs:
  - service_key: 'sk {side}'
    details: {{firing: f, resolved: r, num_firing: nf, num_resolved: nr}}{proxy}
- name: opsgenie
  opsgenie_configs: [{{api_key: k, api_url: '{base}/opsgenie'}}]
- name: opsgenie_all
  opsgenie_configs:
  - api_key: k
    api_url: '{base}/opsgenie_all/'
    message: 'm {{{{ .Status }}}}'
    description: d
    source: s
    details: {{a: '{{{{ .Status }}}}', job: own}}
    entity: e
    responders: [{{name: 'team 1', type: team}}, {{id: i, type: user}}, {{username: '{{{{ .CommonLabels.severity }}}}', type: escalation}}]
    actions: 'a1,a2'
    tags: 't1,{{{{ .CommonLabels.severity }}}}'
    note: n
    priority: P1
    update_alerts: true
- name: victorops
  victorops_configs: [{{api_key: k, api_url: '{base}/victorops', routing_key: 'r'}}]
- name: victorops_all
  victorops_configs:
  - {{api_key: k, api_url: '{base}/victorops_all/', routing_key: 'r-{{{{ .CommonLabels.job }}}}', message_type: WARNING, state_message: 's <&>',
     entity_display_name: 'n {{{{ .Status }}}}', monitoring_tool: 'm', custom_fields: {{own: 'o {{{{ .CommonLabels.job }}}}'}}}}
- name: pushover
  pushover_configs:
  - user_key: u
    token: 'token {side}'{proxy}
- name: pushover_all
  pushover_configs:
  - user_key: u
    token: 'token {side}'
    title: 't {{{{ .Status }}}}'
    message: '<b>{{{{ .CommonLabels.job }}}} <&></b>'
    url: http://u
    url_title: ut
    sound: s
    priority: '1'
    retry: 2m
    expire: 10m
    html: true{proxy}
- name: wechat
  wechat_configs: [{{api_secret: s, corp_id: c, api_url: '{base}/wechat', to_user: u, agent_id: '7', send_resolved: true}}]
- name: wechat_all
  wechat_configs: [{{api_secret: s, corp_id: c, api_url: '{base}/wechat_all/', to_party: p, to_tag: t, message: 'm {{{{ .Status }}}} <&>', message_type: markdown, send_resolved: true}}]
- name: sns
  sns_configs: [{{api_url: '{base}/sns', topic_arn: 'arn:aws:sns:eu-west-1:1:t', sigv4: {{region: eu-west-1, access_key: a, secret_key: s}}}}]
- name: sns_all
  sns_configs: [{{api_url: '{base}/sns_all', phone_number: '+1', subject: 's {{{{ .Status }}}}', message: 'm <&> {{{{ .CommonLabels.job }}}}', attributes: {{b: '2', a: '{{{{ .Status }}}}'}}, sigv4: {{region: eu-west-1, access_key: a, secret_key: s}}}}]
- name: telegram
  telegram_configs: [{{api_url: '{base}/telegram', bot_token: 'b', chat_id: -100}}]
- name: telegram_all
  telegram_configs: [{{api_url: '{base}/telegram_all', bot_token: 'b', chat_id: 7, message: 'm {{{{ .Status }}}} <&>', disable_notifications: true, parse_mode: ''}}]
- name: discord
  discord_configs: [{{webhook_url: '{base}/discord'}}]
- name: discord_all
  discord_configs: [{{webhook_url: '{base}/discord_all', title: 't {{{{ .Status }}}}', message: 'm <&>'}}]
- name: webex
  webex_configs: [{{api_url: '{base}/webex', room_id: r, http_config: {{authorization: {{credentials: tok}}}}}}]
- name: webex_all
  webex_configs: [{{api_url: '{base}/webex_all', room_id: r, message: 'm {{{{ .Status }}}} <&>', http_config: {{authorization: {{type: Own, credentials: tok}}}}}}]
'''


def configuration(side, url, smtp):
    text = receivers(side, url, smtp)
    names = re.findall(r'^- name: (\S+)', text, re.M)
    routes = ''.join(f'\n  - {{receiver: {name}, continue: true}}' for name in names)
    return names, f'''
route:
  receiver: {names[0]}
  group_by: [alertname, cluster]
  group_wait: 1s
  group_interval: 1s
  repeat_interval: 1h
  routes:{routes}
receivers:{text}'''


def stamp(seconds):
    return time.strftime('%Y-%m-%dT%H:%M:%S.250Z', time.gmtime(seconds))


def alerts(start, end=None):
    common = {'alertname': 'Disk <Full>', 'cluster': 'eu', 'job': 'node', 'severity': 'critical'}
    both = [({'instance': 'a:1'}, {'summary': 'Disk & <co> "ü"', 'runbook': 'http://r/?a=b c'}, 'http://p/g?a=1&b=2'),
            ({'instance': 'b:1'}, {'summary': 'Disk & <co> "ü"'}, '')]
    return [{'labels': {**common, **labels}, 'annotations': annotations, 'generatorURL': generator or 'http://p/',
             'startsAt': start, **({'endsAt': end} if end else {})} for labels, annotations, generator in both]


def kind_of(name):
    return name.split('_')[0]


def known(name, what):
    return {**DIFFERENCES['*'].get(what, {}), **DIFFERENCES.get(kind_of(name), {}).get(what, {})}


def as_texts(value):
    """A tree whose scalars are texts, as details were in 0.25."""
    if isinstance(value, dict):
        return {k: as_texts(v) for k, v in value.items()}
    if isinstance(value, list):
        return [as_texts(v) for v in value]
    return value if isinstance(value, str) else json.dumps(value)


class ChannelBodies(harness.EndToEnd):
    maxDiff = None

    def start_both(self):
        self.recorder = Recorder(self.directory)
        self.addCleanup(self.recorder.close)
        self.mail = self.smtp_sink()
        names = {}
        for side in ('am', 'ours'):
            names[side], text = configuration(side, self.recorder.url, self.mail.address)
            self.write(f'{side}.yml', text)
        self.names = names['am']
        port = harness.free_port()
        external = '--web.external-url=http://am.example:9093'
        self.start('alertmanager', ['prometheus-alertmanager', '--config.file=am.yml', '--storage.path=am-data', external,
                                    f'--web.listen-address=127.0.0.1:{port}',
                                    '--cluster.listen-address='])
        self.am = f'http://127.0.0.1:{port}'
        harness.wait_for('the Alertmanager', lambda: harness.request(self.am + '/-/ready')[0] == 200, 20)
        self.write('outrider.yml', 'alerting: {config_file: ours.yml}\n')
        self.start_outrider('outrider.yml', external)

    def post(self, body):
        for url in (self.am, self.url):
            status, answer = harness.post_json(url + '/api/v2/alerts', body)
            self.assertEqual(status, 200, answer)

    def requests_of(self, side, name):
        """What a receiver sent, in order: by its path, or by the key of a service with a fixed address."""
        found = []
        with self.recorder.lock:
            everything = list(self.recorder.requests)
        for request in everything:
            path = urllib.parse.unquote(request['path'])
            if name in ('pushover', 'pushover_all'):
                query = urllib.parse.parse_qs(urllib.parse.urlsplit(request['path']).query)
                mine = query.get('token') == [f'token {side}'] and ('html' in query) == (name == 'pushover_all')
            elif name == 'pagerduty_v1':
                mine = request['host'].startswith('events.pagerduty') and f'sk {side}'.encode() in request['body']
            else:
                mine = re.match(rf'/{side}/{name}(/|\?|$)', path) is not None
            if mine:
                found.append(request)
        return found

    def mails_of(self, side):
        with self.mail.lock:
            mails = list(self.mail.mails)
        return [m for m in mails if any(f'{side}@' in to for to in m[1])]

    def wait_for_messages(self, count):
        def complete():
            for side in ('am', 'ours'):
                if len(self.mails_of(side)) < count:
                    return None
                for name in self.names:
                    # Opsgenie updates twice more while firing; WeCom asks for a token first.
                    more = {'opsgenie_all': 2, 'wechat': 1, 'wechat_all': 1}.get(name, 0)
                    if name != 'email' and len(self.requests_of(side, name)) < count + more:
                        return None
            return True
        try:
            harness.wait_for(f'{count} messages of each receiver', complete, 40)
        except AssertionError:
            missing = [(side, n, len(self.requests_of(side, n))) for side in ('am', 'ours') for n in self.names]
            raise AssertionError(f'messages so far: {missing}, mails {len(self.mails_of("am"))} and '
                                 f'{len(self.mails_of("ours"))}') from None

    def test_same_requests(self):
        self.start_both()
        start = stamp(time.time())  # an older one would be told at once, before the second is there
        self.post(alerts(start))
        self.wait_for_messages(1)
        self.post(alerts(start, stamp(time.time())))
        self.wait_for_messages(2)
        time.sleep(1)  # nothing more may come
        for name in self.names:
            with self.subTest(receiver=name):
                if name == 'email':
                    self.compare_mails()
                else:
                    self.compare_requests(name)

    def compare_requests(self, name):
        theirs, ours = self.requests_of('am', name), self.requests_of('ours', name)
        self.assertEqual([r['method'] for r in theirs], [r['method'] for r in ours])
        for number, (a, b) in enumerate(zip(theirs, ours)):
            with self.subTest(request=number + 1):
                self.compare_addresses(name, a, b)
                self.compare_headers(name, a['headers'], b['headers'])
                self.compare_bodies(name, a, b)

    def compare_addresses(self, name, theirs, ours):
        left, right = (urllib.parse.urlsplit(self.neutral(r['host'] + r['path'], side))
                       for r, side in ((theirs, 'am'), (ours, 'ours')))
        self.assertEqual(left.path, right.path)
        queries = [urllib.parse.parse_qs(u.query, keep_blank_values=True) for u in (left, right)]
        for key in known(name, 'query+'):
            self.assertNotIn(key, queries[0])
            self.assertIsNotNone(queries[1].pop(key, None), key)
        self.assertEqual(*queries)

    @staticmethod
    def neutral(text, side):
        """The side's name out of addresses and keys."""
        return re.sub(rf'(?<=[/ +]){side}(?=[/"&]|$)', 'SIDE', text)

    def compare_headers(self, name, theirs, ours):
        other, more = known(name, 'header'), known(name, 'header+')
        left = {k: v for k, v in theirs.items() if k not in TRANSPORT and k not in other}
        right = {k: v for k, v in ours.items() if k not in TRANSPORT and k not in other and k not in more}
        self.assertEqual(left, right)
        for header in more:
            self.assertIn(header, ours)
            self.assertNotIn(header, theirs)
        for header in other:
            self.assertEqual(header in theirs, header in ours, header)

    def compare_bodies(self, name, theirs, ours):
        left, right = (self.neutral(r['body'].decode(), side) for r, side in ((theirs, 'am'), (ours, 'ours')))
        if theirs['headers'].get('content-type', '').startswith('application/x-www-form-urlencoded'):
            self.assertEqual(urllib.parse.parse_qs(left, strict_parsing=True),
                             urllib.parse.parse_qs(right, strict_parsing=True))
            return
        add = known(name, 'add')
        if not add and 'types' not in DIFFERENCES.get(kind_of(name), {}):
            self.assertEqual(left, right)  # byte for byte
            return
        left, right = json.loads(left), json.loads(right)
        for key in add:
            self.assertIn(key, right)
            self.assertNotIn(key, left)
            del right[key]
        if 'types' in DIFFERENCES.get(kind_of(name), {}):
            right = {**right, 'payload': as_texts(right['payload']) if right['payload'] else None,
                     **({'details': as_texts(right['details'])} if 'details' in right else {})}
        self.assertEqual(left, right)
        self.assertEqual(list(left), list(right), 'the order of keys')

    def compare_mails(self):
        theirs, ours = self.mails_of('am'), self.mails_of('ours')
        self.assertEqual(len(theirs), len(ours))
        for (from_a, _, data_a), (from_b, _, data_b) in zip(theirs, ours):
            self.assertEqual(from_a.split(' ')[0], from_b.split(' ')[0])
            a, b = (email.message_from_string(d, policy=email.policy.default) for d in (data_a, data_b))
            other = known('email', 'header')
            for header in ('Subject', 'From', 'X-Own', 'MIME-Version', 'Message-Id', 'Date', 'Content-Type'):
                self.assertEqual(header in a, header in b, header)
                if header.lower() not in other:
                    self.assertEqual(str(a[header]), str(b[header]), header)
            self.assertEqual([p.get_content_type() for p in a.walk()], [p.get_content_type() for p in b.walk()])
            texts = [next(p for p in m.walk() if p.get_content_type() == 'text/plain').get_content() for m in (a, b)]
            self.assertEqual(*texts)


# Kinds that 0.25 does not have: section, and what its one request (Jira: the second) shows.
NEWER = {
    'msteams': ("webhook_url: 'URL'", lambda r: json.loads(r['body'])['themeColor'] == '8C1A1A'),
    'msteamsv2': ("webhook_url: 'URL'", lambda r: json.loads(r['body'])['attachments'][0]['content']['version'] == '1.2'),
    'jira': ("api_url: 'URL', project: OPS, issue_type: Bug",
             lambda r: r['path'].endswith('/issue') and json.loads(r['body'])['fields']['priority'] == {'name': 'High'}),
    'rocketchat': ("api_url: 'URL', token: t, token_id: i", lambda r: r['headers']['x-auth-token'] == 't'),
    'incidentio': ("url: 'URL', alert_source_token: t",
                   lambda r: json.loads(r['body'])['version'] == '1' and r['headers']['authorization'] == 'Bearer t'),
    'mattermost': ("webhook_url: 'URL'", lambda r: json.loads(r['body'])['attachments'][0]['color'] == 'danger'),
    'googlechat': ("webhook_url: 'URL?key=k'", lambda r: f'requestId={r["headers"]["idempotency-key"]}' in
                   urllib.parse.unquote(r['path']) and '[FIRING:2]' in json.loads(r['body'])['text']),
    'ntfy': ("url: 'URL', topic: t", lambda r: json.loads(r['body'])['priority'] == 5),
    'matrix': ("homeserver_url: 'URL', access_token: t, room_id: '!r:h'", lambda r: r['method'] == 'PUT' and
               urllib.parse.unquote(r['path']).endswith('/send/m.room.message/' + r['headers']['idempotency-key'])),
    'twilio_sms': ("account_sid: A, auth_token: t, from: '+1', to: '+2', api_url: 'URL'",
                   lambda r: urllib.parse.parse_qs(r['body'].decode())['To'] == ['+2']),
    'twilio_voice': ("account_sid: A, auth_token: t, from: '+1', to: '+2', api_url: 'URL'",
                     lambda r: '2 alerts firing' in urllib.parse.parse_qs(r['body'].decode())['Twiml'][0]),
    'signed_webhook': ("url: 'URL', secret: s3cret", lambda r: r['headers']['x-outrider-signature'] == 'v1=' + hmac.new(
        b's3cret', r['headers']['x-outrider-timestamp'].encode() + b'.' + r['body'], 'sha256').hexdigest()),
}


class NewerKinds(harness.EndToEnd):
    def test_each_is_told_once(self):
        recorder = Recorder(self.directory)
        self.addCleanup(recorder.close)
        receivers = ''.join(f'\n- name: {kind}\n  {kind}_configs: [{{{section.replace("URL", f"{recorder.url}/{kind}")}}}]'
                            for kind, (section, _) in NEWER.items())
        routes = ''.join(f'\n  - {{receiver: {kind}, continue: true}}' for kind in NEWER)
        self.write('am.yml', f'''
route:
  receiver: jira
  group_by: [alertname]
  group_wait: 1s
  routes:{routes}
receivers:{receivers}
''')
        self.write('outrider.yml', 'alerting: {config_file: am.yml}\n')
        self.start_outrider()
        self.assertEqual(harness.post_json(self.url + '/api/v2/alerts', alerts(stamp(time.time())))[0], 200)

        def of(kind):
            with recorder.lock:
                return [r for r in recorder.requests if re.match(rf'/{kind}(/|\?|$)', r['path'])]

        def wanted(kind):
            return 2 if kind == 'jira' else 1
        harness.wait_for('a request of each kind', lambda: all(len(of(k)) >= wanted(k) for k in NEWER), 30)
        time.sleep(1)  # nothing more may come
        for kind, (_, holds) in NEWER.items():
            with self.subTest(kind=kind):
                requests = of(kind)
                self.assertEqual(len(requests), wanted(kind), [r['path'] for r in requests])
                self.assertIn('idempotency-key', requests[-1]['headers'])
                self.assertTrue(holds(requests[-1]), requests[-1])


class OwnExamples(harness.EndToEnd):
    """`outrider check alertmanager` on each of Alertmanager's examples; *.good.yml and those named here load."""
    GOOD = {'conf.empty-fields.yml', 'conf.group-by-all.yml', 'conf.mattermost-default-webhook-url-file.yml',
            'conf.mattermost-default-webhook-url.yml', 'conf.opsgenie-default-apikey-file.yml',
            'conf.opsgenie-default-apikey.yml', 'conf.rocketchat-default-token-file.yml',
            'conf.rocketchat-default-token.yml', 'conf.slack-default-api-url-file.yml',
            'conf.slack-default-app-token.yml', 'conf.smtp-no-username-or-password.yml',
            'conf.smtp-password-global-and-local.yml', 'conf.sns-topic-arn.yml',
            'conf.telegram-default-bot-token-file.yml', 'conf.telegram-default-bot-token.yml',
            'conf.victorops-default-apikey-file.yml', 'conf.victorops-default-apikey.yml',
            'conf.wechat-default-api-secret-file.yml'}

    def test_verdicts(self):
        directory = harness.ROOT.parent / 'shared' / 'conformance' / 'alertmanager_config'
        if not directory.is_dir():
            self.skipTest(f'skipped: {directory} is not there')
        files = sorted(directory.glob('*.yml'))
        self.assertEqual(len(files), 46)
        for path in files:
            good = path.name in self.GOOD or path.name.endswith('.good.yml')
            with self.subTest(file=path.name):
                text = self.cli('check', 'alertmanager', str(path), expect=0 if good else 1)
                self.assertIn('SUCCESS' if good else f'{path.name}:', text)

    def test_own_kinds(self):
        self.write('own.yml', pathlib.Path(harness.ROOT / 'examples' / 'channels.yml').read_text())
        self.assertIn('SUCCESS', self.cli('check', 'alertmanager', 'own.yml'))


if __name__ == '__main__':
    unittest.main()
