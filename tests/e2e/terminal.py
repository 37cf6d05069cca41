"""Programs that need a terminal, and programs that are talked with line by line."""
import os
import pty
import select
import subprocess
import time


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, command, env):
        self.controller, terminal = pty.openpty()
        self.process = subprocess.Popen(command, env=env, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True)
        os.close(terminal)
        self.out = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.controller)

    def type(self, text):
        os.write(self.controller, text.encode())

    def read_until(self, condition, seconds=30, nudge=None):
        """Reads until condition(everything so far); `nudge` is typed once a second while it is not met."""
        end = time.monotonic() + seconds
        typed = time.monotonic()
        while time.monotonic() < end and not condition(self.out):
            readable, _, _ = select.select([self.controller], [], [], 0.2)
            if readable:
                try:
                    piece = os.read(self.controller, 4096)
                except OSError:  # nobody holds the other end any more
                    break
                if not piece:
                    break
                self.out += piece.decode(errors="replace")
            elif nudge and time.monotonic() - typed > 1:
                self.type(nudge)
                typed = time.monotonic()
        return self.out


def prompt(text):
    return text.rstrip(" ").endswith("#") or text.rstrip(" ").endswith("$")


class Talk:
    """A program with pipes: lines in, lines out."""

    def __init__(self, command, env):
        self.process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        bufsize=0)
        self.unread = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")

    def hear(self, wanted, seconds=30):
        """Lines until one that contains `wanted`."""
        lines = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            # Two lines may come at once: what is left of them is not seen by select.
            if b"\n" not in self.unread:
                readable, _, _ = select.select([self.process.stdout], [], [], 0.2)
                if not readable:
                    continue
                piece = os.read(self.process.stdout.fileno(), 65536)
                if not piece:
                    break
                self.unread += piece
                continue
            line, self.unread = self.unread.split(b"\n", 1)
            lines.append(line.decode(errors="replace") + "\n")
            if wanted in lines[-1]:
                return lines
        raise AssertionError(f"{wanted!r} was not said; said: {lines}")
