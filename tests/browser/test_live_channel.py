"""The live channel with a socket, a server and a clock made by hand: nothing here waits, and nothing is by chance."""

import pytest

HAND_MADE = """
  // Timers run when a test says so; a socket opens, answers and closes when a test says so.
  let now = 0;
  const timers = [], sockets = [], posts = [], answers = [], failures = [], statuses = [];
  const clock = {
    now: () => now,
    after: (callback, milliseconds) => timers.push({ callback, at: now + milliseconds }),
    cancel: (timer) => { if (timers[timer - 1]) timers[timer - 1].callback = null; },
    random: () => 1,
  };
  const settle = () => new Promise((resolve) => setTimeout(resolve));
  const pass = (milliseconds) => {
    now += milliseconds;
    for (const timer of timers) if (timer.callback && timer.at <= now) {
      const { callback } = timer;
      timer.callback = null;
      callback();
    }
  };
  const frame = () => pass(12); // What a browser does next: the pause after a message is over.
  const tensors = (metadata) => {
    const content = { __metadata__: { prediction: "null", framing: "{}", ...metadata } };
    const header = new TextEncoder().encode(JSON.stringify(content));
    const bytes = new Uint8Array(8 + header.length);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
    bytes.set(header, 8);
    return bytes.buffer;
  };
  const open = () => {
    const socket = {
      sent: [], bufferedAmount: 0, closed: false,
      send: (text) => socket.sent.push(JSON.parse(text)),
      close: () => { socket.closed = true; },
      answer: (sequence) => socket.onmessage({ data: tensors({ sequence: String(sequence) }) }),
      refuse(sequence, type) {
        socket.onmessage({ data: JSON.stringify({ sequence, problem: { type, title: type, status: 422 } }) });
      },
    };
    sockets.push(socket);
    return socket;
  };
  const channel = m.createLiveChannel({
    model: "cnn", messageBytes: 1000, clock, open,
    post: (question, sequence) => new Promise((resolve, reject) => posts.push({
      question, sequence, reject,
      answer: () => { resolve({ sequence, digit: question.digit, tensors: {} }); return settle(); },
    })),
    onAnswer: (answer) => answers.push(answer.sequence),
    onFailure: (error) => failures.push(error.message),
    onStatus: (status) => statuses.push(status),
  });
  const layers = ["relu1"];
  const draw = (...strokes) => ({ digit: { kind: "strokes", strokes, penWidth: 0.065 }, layers });
  const line = (count) => draw(Array.from({ length: count }, (_, i) => points[i] ??= [i / 100, 0.5]));
  const points = [];
  const ask = (question) => { channel.send(question); frame(); };
  const connect = async () => {
    ask(line(1));
    await posts[0].answer();
    sockets[0].onopen();
    return sockets[0];
  };
"""


@pytest.fixture(scope="module")
def play(browser, server):
    """Run a scene: JavaScript with everything above at hand, which returns what is to be judged."""
    context = browser.new_context(base_url=server)
    page = context.new_page()
    page.goto("/docs")

    def play(scene: str):
        return page.evaluate(
            f"""async () => {{
              const m = await import("/static/js/api/live-channel.js");
              {HAND_MADE}
              {scene}
            }}"""
        )

    yield play
    context.close()


def test_first_digit_does_not_wait_for_the_connection(play):
    posted, sent = play(
        """
        ask(line(1));
        await posts[0].answer();
        sockets[0].onopen();
        frame();
        return [posts.map(({ sequence }) => sequence), sockets[0].sent];
        """
    )

    assert posted == [1]
    assert sent == []


def test_newest_request_waits_and_those_between_are_never_asked(play):
    posted = play(
        """
        for (const count of [1, 2, 3, 4]) ask(line(count));
        await posts[0].answer();
        await posts[1].answer();
        return posts.map(({ question }) => question.digit.strokes[0].length);
        """
    )

    assert posted == [1, 4]


def test_failed_request_does_not_stop_the_next_one(play):
    answered, failures = play(
        """
        ask(line(1));
        posts[0].reject(new Error("no"));
        await settle();
        ask(line(2));
        await posts[1].answer();
        return [answers, failures];
        """
    )

    assert (answered, failures) == ([2], ["no"])


def test_new_connection_is_told_everything_and_then_only_what_was_added(play):
    sent = play(
        """
        const socket = await connect();
        const [a, b, c, d] = [[0, 0], [0.1, 0], [0.2, 0], [0.3, 0]];
        ask(draw([a]));
        ask(draw([a, b, c]));
        const first = [a, b, c], second = [d];
        ask(draw(first, second));
        socket.answer(4);
        ask(draw(first, [d, a, b]));
        return socket.sent;
        """
    )

    assert sent == [
        {
            "sequence": 2,
            "model": "cnn",
            "dtype": "float16",
            "layers": ["relu1"],
            "strokes": [[[0, 0]]],
            "pen_width": 0.065,
        },
        {"sequence": 3, "extend": [[0.1, 0], [0.2, 0]]},
        {"sequence": 4, "begin": [[0.3, 0]]},
        {"sequence": 5, "extend": [[0, 0], [0.1, 0]]},
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            "drawing({ strokes: [[a, b, c], second] })",
            {"strokes": [[[0, 0], [0.1, 0], [0.2, 0]], [[0.2, 0]]], "pen_width": 0.065},
        ),
        (
            "drawing({ strokes: [first, [d, a]] })",
            {"strokes": [[[0, 0], [0.1, 0]], [[0.3, 0], [0, 0]]], "pen_width": 0.065},
        ),
        ("drawing({ strokes: [first] })", {"strokes": [[[0, 0], [0.1, 0]]], "pen_width": 0.065}),
        ("drawing({ strokes: [] })", {"strokes": [], "pen_width": 0.065}),
        ("drawing({ strokes: [first, second], penWidth: 0.1 })", {"pen_width": 0.1}),
        ("drawing({ strokes: [[a, d], second] })", {"strokes": [[[0, 0], [0.3, 0]], [[0.2, 0]]], "pen_width": 0.065}),
        ("drawing({ strokes: [first, [c, d], [a]] })", {"extend": [[0.3, 0]], "begin": [[0, 0]]}),
        (
            "drawing({ strokes: [first, second, [a], [b]] })",
            {"strokes": [[[0, 0], [0.1, 0]], [[0.2, 0]], [[0, 0]], [[0.1, 0]]], "pen_width": 0.065},
        ),
        ("({ kind: 'sample', index: 4 })", {"sample": 4}),
        ("({ kind: 'image', name: 'a.png', base64: 'AAAA' })", {"image": "AAAA"}),
    ],
    ids=[
        "earlier stroke",
        "redrawn",
        "undo",
        "clear",
        "pen width",
        "erased",
        "on and on",
        "two more",
        "sample",
        "image",
    ],
)
def test_change_is_sent_as_increments_where_it_continues_the_drawing_and_else_whole(play, change: str, message: dict):
    changes = play(
        f"""
        const [a, b, c, d] = [[0, 0], [0.1, 0], [0.2, 0], [0.3, 0]];
        const first = [a, b], second = [c];
        const drawing = (parts) => ({{ kind: "strokes", penWidth: 0.065, ...parts }});
        const held = {{ digit: drawing({{ strokes: [first, second] }}), layers }};
        return m.changesFrom(held, {{ digit: {change}, layers }}, "cnn");
        """
    )

    assert changes == message


def test_settings_are_sent_when_they_change(play):
    changes = play(
        """
        const { digit } = line(1);
        return [
          m.changesFrom({ digit, layers: ["relu1"] }, { digit, layers: ["relu1", "pool1"] }, "cnn"),
          m.changesFrom({ digit, layers: ["relu1"] }, { digit: { kind: "sample", index: 1 }, layers: [] }, "cnn"),
          m.changesFrom({ digit, layers }, { digit, layers }, "cnn"),
        ];
        """
    )

    assert changes == [{"layers": ["relu1", "pool1"]}, {"layers": [], "sample": 1}, {}]


def test_first_point_goes_at_once_and_those_of_the_pause_after_it_in_one_message(play):
    before_the_pause_is_over, after = play(
        """
        const socket = await connect();
        ask(line(1));
        for (const count of [2, 3, 4, 5]) channel.send(line(count));
        pass(11);
        const atOnce = socket.sent.slice(1);
        pass(1);
        pass(12);
        return [atOnce, socket.sent.slice(1 + atOnce.length)];
        """
    )

    assert before_the_pause_is_over == [{"sequence": 3, "extend": [[0.01, 0.5]]}]
    assert after == [{"sequence": 4, "extend": [[0.02, 0.5], [0.03, 0.5], [0.04, 0.5]]}]


def test_several_messages_are_under_way_and_then_the_newest_waits(play):
    under_way, after = play(
        """
        const socket = await connect();
        for (let count = 1; count <= 30; count += 1) ask(line(count));
        const underWay = socket.sent.length;
        socket.answer(2);
        frame();
        return [underWay, socket.sent.slice(underWay).map(({ sequence, extend }) => [sequence, extend.length])];
        """
    )

    # All that was drawn while there was no room goes in one message.
    assert under_way == 8
    assert after == [[10, 30 - 8]]


def test_room_grows_with_quick_answers_and_shrinks_when_a_queue_builds_up(play):
    quick, slow = play(
        """
        const socket = await connect();
        let count = 1;
        const fill = () => {
          const before = socket.sent.length;
          for (let i = 0; i < 40; i += 1) ask(line(count += 1));
          return socket.sent.length - before;
        };
        const answerAll = (milliseconds) => {
          now += milliseconds;
          const newest = socket.sent.at(-1).sequence;
          for (let number = Math.max(2, newest - 20); number <= newest; number += 1) socket.answer(number);
          frame();
        };
        fill();
        for (let i = 0; i < 3; i += 1) { answerAll(20); fill(); }
        answerAll(20);
        const quick = fill();
        for (let i = 0; i < 6; i += 1) { answerAll(2000); fill(); }
        answerAll(2000);
        const slow = fill();
        return [quick, slow];
        """
    )

    assert quick in (15, 16)
    assert slow in (1, 2)


def test_nothing_is_sent_into_a_full_buffer(play):
    sent = play(
        """
        const socket = await connect();
        socket.bufferedAmount = 1e6;
        ask(line(1));
        frame();
        const full = socket.sent.length;
        socket.bufferedAmount = 0;
        frame();
        return [full, socket.sent.length];
        """
    )

    assert sent == [0, 1]


def test_long_message_goes_as_a_request_and_the_connection_keeps_what_it_has(play):
    posted, sent = play(
        """
        const socket = await connect();
        ask(line(1));
        ask({ digit: { kind: "image", name: "a.png", base64: "A".repeat(2000) }, layers });
        ask(line(2));
        return [posts.map(({ sequence }) => sequence), socket.sent.slice(1)];
        """
    )

    assert posted == [1, 3]
    assert sent == [{"sequence": 4, "extend": [[0.01, 0.5]]}]


def test_answer_that_was_overtaken_is_dropped_whichever_way_it_came(play):
    answers = play(
        """
        ask(line(1));            // 1, a request that takes its time
        ask(line(2));            // 2, a request that waits for the first
        sockets[0].onopen();
        ask(line(3));            // 3, a message
        sockets[0].answer(3);
        await posts[0].answer();
        await posts[1].answer();
        return answers;
        """
    )

    assert answers == [3]


def test_answer_settles_the_questions_before_it(play):
    waited_for = play(
        """
        const socket = await connect();
        for (let count = 1; count <= 8; count += 1) ask(line(count));
        socket.answer(9);
        frame();
        for (let count = 9; count <= 12; count += 1) ask(line(count));
        return socket.sent.length;
        """
    )

    assert waited_for == 12


def test_lost_connection_asks_again_by_request_and_comes_back(play):
    posted, statuses, sent = play(
        """
        const socket = await connect();
        ask(line(2));
        socket.onclose({ code: 1006 });
        frame();
        await posts[1].answer();
        ask(line(3));
        await posts[2].answer();
        pass(500);
        sockets[1].onopen();
        ask(line(4));
        const sent = sockets[1].sent.map(({ sequence, strokes }) => [sequence, strokes[0].length]);
        return [posts.map(({ sequence }) => sequence), statuses, sent];
        """
    )

    assert posted == [1, 3, 4]
    assert statuses == ["live", "reconnecting", "live"]
    assert sent == [[5, 4]]


def test_pauses_between_attempts_double_up_to_a_bound(play):
    pauses, statuses = play(
        """
        ask(line(1));
        const pauses = [];
        for (let attempt = 0; attempt < 8; attempt += 1) {
          sockets.at(-1).onclose({ code: 1006 });
          pauses.push(timers.at(-1).at - now);
          pass(timers.at(-1).at - now);
        }
        return [pauses, statuses];
        """
    )

    assert pauses == [500, 1000, 2000, 4000, 8000, 15000, 15000, 15000]
    assert statuses == ["reconnecting"] * 3 + ["fallback"] * 5


def test_attempts_are_counted_anew_only_after_an_answer(play):
    pauses = play(
        """
        const pauses = [];
        const loseIt = () => {
          sockets.at(-1).onclose({ code: 1006 });
          pauses.push(timers.at(-1).at - now);
          pass(15000);
        };
        const socket = await connect();
        loseIt();
        sockets[1].onopen();
        loseIt();
        sockets[2].onopen();
        ask(line(2));
        sockets[2].answer(2);
        loseIt();
        return pauses;
        """
    )

    assert pauses == [500, 1000, 500]


def test_idle_connection_is_opened_again_when_there_is_something_to_ask(play):
    before, after, statuses = play(
        """
        const socket = await connect();
        socket.onclose({ code: 1000 });
        pass(60000);
        const before = sockets.length;
        ask(line(2));
        return [before, [sockets.length, posts.length], statuses];
        """
    )

    assert (before, after) == (1, [2, 2])
    assert statuses == ["live"]


def test_connection_that_fell_silent_is_given_up(play):
    quiet, given_up = play(
        """
        const socket = await connect();
        ask(line(2));
        pass(4000);
        frame();
        const quiet = [socket.closed, posts.length];
        pass(1000);
        frame();
        return [quiet, [socket.closed, posts.length]];
        """
    )

    assert quiet == [False, 1]
    assert given_up == [True, 2]


def test_connection_that_was_given_up_is_not_heard(play):
    answers, failures = play(
        """
        const socket = await connect();
        ask(line(2));
        pass(5000);
        socket.answer(2);
        socket.refuse(2, "/problems/server-busy");
        return [answers, failures];
        """
    )

    assert (answers, failures) == ([1], [])


def test_new_connection_has_all_the_room_of_the_one_before(play):
    sent = play(
        """
        const socket = await connect();
        for (let count = 1; count <= 8; count += 1) ask(line(count));
        socket.onclose({ code: 1006 });
        pass(500);
        sockets[1].onopen();
        for (let count = 9; count <= 20; count += 1) ask(line(count));
        return sockets[1].sent.length;
        """
    )

    assert sent == 8


def test_refusal_is_shown_and_the_next_message_is_whole(play):
    failures, sent = play(
        """
        const socket = await connect();
        ask(line(1));
        socket.refuse(2, "/problems/server-busy");
        ask(line(2));
        return [failures, socket.sent.at(-1).strokes.length];
        """
    )

    assert failures == ["/problems/server-busy"]
    assert sent == 1


def test_increment_behind_a_refused_message_is_no_news_and_asked_again(play):
    failures, sent = play(
        """
        const socket = await connect();
        ask(line(1));
        ask(line(2));
        socket.refuse(2, "/problems/server-busy");
        socket.refuse(3, "/problems/increment-without-base");
        frame();
        return [failures, socket.sent.length];
        """
    )

    assert failures == ["/problems/server-busy"]
    assert sent == 2


def test_browser_without_sockets_asks_by_request(play):
    posted, statuses = play(
        """
        const without = m.createLiveChannel({
          model: "cnn", messageBytes: 1000, clock,
          open: () => { throw new Error("no sockets here"); },
          post: async ({ digit }, sequence) => ({ sequence, digit, tensors: {} }),
          onAnswer: ({ sequence }) => answers.push(sequence),
          onFailure() {},
          onStatus: (status) => statuses.push(status),
        });
        without.send(line(1));
        frame();
        await settle();
        without.send(line(2));
        frame();
        await settle();
        return [answers, statuses];
        """
    )

    assert posted == [1, 2]
    assert statuses == ["reconnecting"]


def test_server_that_came_back_is_asked_what_it_could_not_answer(play):
    sent = play(
        """
        const socket = await connect();
        socket.onclose({ code: 1012 });
        ask(line(2));
        posts[1].reject(new Error("gone"));
        await settle();
        pass(500);
        sockets[1].onopen();
        frame();
        return sockets[1].sent.map(({ sequence, strokes }) => [sequence, strokes[0].length]);
        """
    )

    assert sent == [[3, 2]]
