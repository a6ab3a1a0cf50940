"""Which files does a posted form bring in, and how much of them is held in memory?

Files are read where a view says that it takes them, up to what the policy allows, and never touch the disk: they are
not encrypted yet. Everywhere else they are passed over, and a large post is refused before it is read.
"""

from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile

IN_ONE_POST = 3  # times the largest file: more at once are sent in several posts
PASSED_OVER = 10  # times that: what is read, thrown away and explained rather than refused


class OnlyWhereTaken(FileUploadHandler):
    """Django's way to say what becomes of each file. Fields whose files were too large: `request.files_too_large`."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        match = getattr(request, "resolver_match", None)
        self.taken = bool(match and getattr(match.func, "takes_files", False))
        self.largest = settings.KEYTURN_POLICY.document_max_mb * 1_000_000 if self.taken else 0
        self.chunks: list[bytes] = []
        self.size = self.together = 0
        if request is not None:
            request.files_too_large = []

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        most = self.largest * IN_ONE_POST * PASSED_OVER if self.taken else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if content_length > most:
            raise RequestDataTooBig("The post is larger than any form of ours.")

    def new_file(self, *arguments: Any, **named: Any) -> None:
        super().new_file(*arguments, **named)
        self.chunks, self.size = [], 0
        if not self.taken:
            raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.size += len(raw_data)
        self.together += len(raw_data)
        if self.size > self.largest or self.together > self.largest * IN_ONE_POST:
            self.together -= self.size
            self.chunks = []
            self.request.files_too_large.append(self.field_name)
            raise SkipFile
        self.chunks.append(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        whole, self.chunks = BytesIO(b"".join(self.chunks)), []
        return InMemoryUploadedFile(
            whole, self.field_name, self.file_name, self.content_type, file_size, self.charset, self.content_type_extra
        )
