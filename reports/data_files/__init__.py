"""The return as data beside the PDF: JSON, CSV and accessible spreadsheets, each written from one ``ReturnContents``."""
