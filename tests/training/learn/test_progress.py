import pytest

pytest.importorskip("rich", reason="pip install aitunes[training]")

from training.learn.progress import TerminalReport

pytestmark = pytest.mark.training


def test_sentences_that_quote_a_folder_are_printed_escaped(capsys):
    TerminalReport(quiet=True).say("Looking at \x1b[2Jm\udcfcsik\u202e …\nand on")
    assert capsys.readouterr().out == "Looking at \\x1b[2Jm\\udcfcsik\\u202e …\nand on\n"
