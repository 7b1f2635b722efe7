# A function of Powertools for Python: an event in, the answer of its batch processor out. It fails for the values that are its arguments.
import json
import sys

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response


def process(record):
    if record.decoded_value.decode() in sys.argv[1:]:
        raise ValueError("told to fail")


processor = BatchProcessor(event_type=EventType.Kafka)
event = json.load(sys.stdin)
print(json.dumps(process_partial_response(event=event, record_handler=process, processor=processor)))
